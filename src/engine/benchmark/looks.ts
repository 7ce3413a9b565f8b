import { studentCritical } from '../statistics.ts';

/**
 * Planned looks at growing data: the same nominal level at each, chosen so that all together err with 5 %. The
 * two-sided critical values are Pocock's (Biometrika 64, 1977; also Jennison and Turnbull, "Group Sequential
 * Methods", table 2.1), for equal steps of information. Where looks share noise that more data does not remove (one
 * process pair), their errors coincide and the true rate is lower.
 */
const pocockCritical: readonly number[] = [1.96, 2.178, 2.289, 2.361, 2.413];

export const maximumLooks = pocockCritical.length;

/** Complementary error function, relative error below 1.2e-7 (Numerical Recipes 6.2). */
function erfc(x: number): number {
  const t = 2 / (2 + Math.abs(x));
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const polynomial = series.reduceRight((sum, term) => sum * t + term, 0);
  const value = t * Math.exp(-x * x + polynomial);
  return x >= 0 ? value : 2 - value;
}

/** Two-sided error allowed at each of `looks` planned looks. */
export function alphaPerLook(looks: number): number {
  const critical = pocockCritical[looks - 1];
  if (critical === undefined) throw new RangeError(`looks must be 1 to ${maximumLooks}, not ${looks}`);
  return erfc(critical / Math.SQRT2);
}

/** Half-width multiplier of the interval at each look, for a standard error with `df` degrees of freedom. */
export function criticalValue(looks: number, df: number): number {
  return studentCritical(alphaPerLook(looks), df);
}
