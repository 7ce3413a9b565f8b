/**
 * Whether a logarithmic axis over so many decades names the value: more of each decade where there is less than one in
 * sight, and every tick where no round one may be in sight.
 */
export function isNamedTick(value: number, decades: number): boolean {
  if (decades < 0.3) return true;
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return (decades < 0.9 ? [1, 2, 3, 4, 5, 7] : [1, 2, 5]).some((round) => Math.abs(digit - round) < 1e-6);
}
