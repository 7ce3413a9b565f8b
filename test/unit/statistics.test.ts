import { describe, expect, it } from 'vitest';
import { alphaPerLook, criticalValue } from '../../src/engine/benchmark/looks.ts';
import {
  binomialUpperBound,
  incompleteBeta,
  logGamma,
  median,
  robustScale,
  standardDeviation,
  studentCritical,
} from '../../src/engine/statistics.ts';

describe('distributions', () => {
  it('matches tabulated values of Student, beta and gamma', () => {
    expect(studentCritical(0.05, 1)).toBeCloseTo(12.7062, 3);
    expect(studentCritical(0.05, 5)).toBeCloseTo(2.5706, 4);
    expect(studentCritical(0.01, 10)).toBeCloseTo(3.1693, 4);
    expect(studentCritical(0.05, 1e6)).toBeCloseTo(1.95997, 4);
    expect(incompleteBeta(0.5, 2, 3)).toBeCloseTo(0.6875, 10);
    expect(Math.exp(logGamma(5))).toBeCloseTo(24, 9);
    expect(Math.exp(logGamma(0.5))).toBeCloseTo(Math.sqrt(Math.PI), 10);
  });

  it('bounds a proportion as Clopper and Pearson do', () => {
    expect(binomialUpperBound(0, 200)).toBeCloseTo(1 - 0.05 ** (1 / 200), 8);
    expect(binomialUpperBound(10, 200)).toBeCloseTo(0.0833, 3);
    expect(binomialUpperBound(200, 200)).toBe(1);
  });

  it('has a median and a scale that one outlier does not move', () => {
    expect(median([3, 1, 2, 1000])).toBe(2.5);
    expect(robustScale([1, 2, 3, 4, 5, 1e9])).toBeLessThan(4);
    expect(standardDeviation([1, 3])).toBe(1);
    expect(standardDeviation([1, 3], 1)).toBeCloseTo(Math.SQRT2, 12);
    expect(() => median([])).toThrow(/no values/);
  });
});

describe('planned looks', () => {
  it('spends 5 % over them in equal parts, as Pocock tabulates', () => {
    expect(alphaPerLook(1)).toBeCloseTo(0.05, 4);
    expect(alphaPerLook(2)).toBeCloseTo(0.0294, 4);
    expect(alphaPerLook(5)).toBeCloseTo(0.0158, 4);
    expect(criticalValue(5, 1e6)).toBeCloseTo(2.413, 3);
    expect(() => alphaPerLook(6)).toThrow(/1 to 5/);
  });
});
