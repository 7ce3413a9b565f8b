import type { Random } from '../ports.ts';

/**
 * ln x for 0 < x < 1, by ln m = 2 artanh((m - 1) / (m + 1)). Math.log may differ in its last bit between machines; sums,
 * products and quotients may not.
 */
function exactLog(x: number): number {
  let mantissa = x;
  let halvings = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    halvings++;
  }
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let odd = 21; odd >= 1; odd -= 2) sum = sum * square + 1 / odd;
  return 2 * z * sum - halvings * Math.LN2;
}

/** Standard normal deviates, the same on every machine: Marsaglia's polar method. */
export function normalDeviates(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * random.next() - 1;
      const v = 2 * random.next() - 1;
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * exactLog(square)) / square);
      spare = v * factor;
      return u * factor;
    }
  };
}
