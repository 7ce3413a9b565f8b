/** How far a build is, from a line of ninja (`[3/40] ...`) or make (`[ 12%] ...`). */
export function buildFraction(line: string): number | undefined {
  const steps = /^\[(\d+)\/(\d+)\]/.exec(line);
  if (steps !== null) return Number(steps[1]) / Number(steps[2]);
  const percent = /^\[\s*(\d+)%\]/.exec(line);
  return percent === null ? undefined : Number(percent[1]) / 100;
}
