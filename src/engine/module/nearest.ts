/** The `count` names nearest to what was asked for, nearest first: by edit distance, whole name or last segment. */
export function nearest(asked: string, names: readonly string[], count: number): readonly string[] {
  const short = lastSegment(asked);
  const cost = (name: string): number =>
    Math.min(editDistance(asked, name), editDistance(short, lastSegment(name)) + 0.5);
  return names
    .map((name) => ({ name, cost: cost(name) }))
    .sort((a, b) => a.cost - b.cost || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

function lastSegment(name: string): string {
  return (name.split('::').at(-1) ?? name).toLowerCase();
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; ++i) {
    const current = [i + 1];
    for (let j = 0; j < b.length; ++j) {
      const substitute = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      current.push(Math.min(substitute, (previous[j + 1] ?? 0) + 1, (current[j] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
