import { placesOf, type TextLine } from './matchLines.ts';

/** Lines of the file that a message shows. */
const shownLines = 12;

/**
 * Why a SEARCH text was not found, for the next prompt: the same lines with other white space where there are some,
 * else the most similar lines of the file and the first line that is not among them.
 */
export function explainMiss(search: readonly string[], lines: readonly TextLine[]): string {
  const squeezed = lines.map(({ text }) => squeeze(text));
  const wanted = search.map(squeeze);
  const same = placesOf(wanted, squeezed);
  if (same[0] !== undefined) {
    const also =
      same.length > 1
        ? ` (and at ${same
            .slice(1, 5)
            .map((at) => at + 1)
            .join(', ')})`
        : '';
    return `line ${same[0] + 1}${also} has the same text with other white space (${difference(search, lines, same[0])}); copy it exactly:\n${shown(lines, same[0], search.length)}`;
  }
  const first = bestWindow(wanted, squeezed);
  if (first === undefined) {
    const line = search.find((text) => text.trim() !== '') ?? '';
    return `no line of it is in the file, e.g. \`${line.trim().slice(0, 120)}\``;
  }
  const window = new Set(squeezed.slice(first, first + wanted.length));
  const stray = search.find((_, i) => wanted[i] !== '' && !window.has(wanted[i] ?? ''));
  const why =
    stray === undefined
      ? 'its lines stand in another order or with others between'
      : `\`${stray.trim().slice(0, 120)}\` is not there`;
  return `${why}; the nearest lines are:\n${shown(lines, first, wanted.length)}`;
}

/** Without any white space, so that only it can differ. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, '');
}

function difference(search: readonly string[], lines: readonly TextLine[], first: number): string {
  const isInner = search.some((text, i) => text.trim() !== lines[first + i]?.text.trim());
  return isInner ? 'inside of a line' : 'its indentation';
}

/** Start of the stretch of as many lines that shares most lines with what was looked for. */
function bestWindow(wanted: readonly string[], lines: readonly string[]): number | undefined {
  const longEnough = new Set(wanted.filter((text) => text.length > 3));
  const hits = lines.map((line) => (longEnough.has(line) ? 1 : 0));
  let best: { readonly first: number; readonly count: number } | undefined;
  let count = 0;
  for (let end = 0; end < lines.length; ++end) {
    count += (hits[end] ?? 0) - (hits[end - wanted.length] ?? 0);
    if (count > (best?.count ?? 0)) best = { first: Math.max(0, end - wanted.length + 1), count };
  }
  return best?.first ?? mostSimilarLine(wanted, lines);
}

function mostSimilarLine(wanted: readonly string[], lines: readonly string[]): number | undefined {
  const asked = pairsOf(wanted.find((text) => text.length > 3)?.slice(0, 200) ?? '');
  let best: { readonly at: number; readonly score: number } | undefined;
  for (const [at, line] of lines.entries()) {
    const score = similarity(asked, pairsOf(line.slice(0, 200)));
    if (score > (best?.score ?? 0.5)) best = { at, score };
  }
  return best?.at;
}

/** Names most like the one asked for, best first; none that are unlike it. */
export function nearestNames(asked: string, names: Iterable<string>, count: number): readonly string[] {
  const pairs = pairsOf(asked.toLowerCase().slice(0, 200));
  return [...names]
    .map((name) => ({ name, score: similarity(pairs, pairsOf(name.toLowerCase())) }))
    .filter(({ score }) => score > 0.2)
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

function pairsOf(text: string): ReadonlySet<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2)));
}

/** Dice's coefficient of two sets. */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return a.size + b.size === 0 ? 0 : (2 * [...a].filter((pair) => b.has(pair)).length) / (a.size + b.size);
}

function shown(lines: readonly TextLine[], first: number, count: number): string {
  return lines
    .slice(first, first + Math.min(count, shownLines))
    .map(({ text }, i) => `${first + i + 1}: ${text.trimEnd().slice(0, 160)}`)
    .join('\n');
}
