import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areaUnderCurve,
  crinnAuc,
  extendHull,
  lowerHull,
  qpsAtRecall,
  requireWindowReached,
  type TimedRecall,
  type WindowError,
} from '../../src/engine/curve.ts';

const window = [0.85, 0.95] as const;
const point = fc.record({
  recall: fc.double({ min: 0.5, max: 1, noNaN: true }),
  secondsPerQuery: fc.double({ min: 1e-5, max: 1e-2, noNaN: true }),
});
const points = fc.array(point, { minLength: 1, maxLength: 12 });
const slack = 1 + 1e-9;

/** Mean of F by brute force over the definition, to check the closed form. */
function numericArea(curve: readonly TimedRecall[], steps = 20_000): number {
  const hull = lowerHull(curve);
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    sum += qpsAtRecall(hull, window[0] + ((i + 0.5) / steps) * (window[1] - window[0]));
  }
  return sum / steps;
}

describe('the frontier', () => {
  it('is what choosing between two ef at random achieves', () => {
    const hull = lowerHull([
      { recall: 0.8, secondsPerQuery: 1e-3 },
      { recall: 0.9, secondsPerQuery: 3e-3 },
    ]);
    expect(qpsAtRecall(hull, 0.85)).toBeCloseTo(1 / 2e-3, 6);
    expect(qpsAtRecall(hull, 0.5)).toBeCloseTo(1000, 6);
    expect(qpsAtRecall(hull, 0.901)).toBe(0);
  });

  it('never gets faster as more recall is asked for', () => {
    fc.assert(
      fc.property(
        points,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (curve, a, b) => {
          const hull = lowerHull(curve);
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          expect(qpsAtRecall(hull, low) * slack).toBeGreaterThanOrEqual(qpsAtRecall(hull, high));
        },
      ),
    );
  });

  it('is never worse than any measured point', () => {
    fc.assert(
      fc.property(points, (curve) => {
        const hull = lowerHull(curve);
        for (const { recall, secondsPerQuery } of curve) {
          expect(qpsAtRecall(hull, recall) * slack).toBeGreaterThanOrEqual(1 / secondsPerQuery);
        }
      }),
    );
  });

  it('continues along its last segment where it is extended', () => {
    const hull = lowerHull([
      { recall: 0.8, secondsPerQuery: 1e-3 },
      { recall: 0.9, secondsPerQuery: 3e-3 },
    ]);
    expect(qpsAtRecall(extendHull(hull, 0.95), 0.95)).toBeCloseTo(1 / 4e-3, 6);
  });
});

describe('the area under the curve', () => {
  it('has the closed form of the mean of F', () => {
    fc.assert(
      fc.property(points, (curve) => {
        const exact = areaUnderCurve(curve, window);
        const span = Math.max(...curve.map((p) => 1 / p.secondsPerQuery));
        // The step at the highest recall is the one place where the sum over steps is off, by one step.
        expect(Math.abs(exact - numericArea(curve))).toBeLessThanOrEqual(span / 10_000);
      }),
      { numRuns: 50 },
    );
  });

  it('never falls when a point is added', () => {
    fc.assert(
      fc.property(points, point, (curve, added) => {
        expect(areaUnderCurve([...curve, added], window) * slack).toBeGreaterThanOrEqual(
          areaUnderCurve(curve, window),
        );
      }),
    );
  });

  it('never rises when points are spread out by leaving some away', () => {
    fc.assert(
      fc.property(points, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (curve, keep) => {
        const thinned = curve.filter((_, i) => keep[i] === true);
        expect(areaUnderCurve(thinned, window)).toBeLessThanOrEqual(areaUnderCurve(curve, window) * slack);
      }),
    );
  });

  it('is unchanged by points that mixing two others gives anyway', () => {
    fc.assert(
      fc.property(
        points,
        fc.nat(),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (curve, i, j, share) => {
          const [a, b] = [curve[i % curve.length]!, curve[j % curve.length]!];
          const mixed = {
            recall: a.recall + share * (b.recall - a.recall),
            secondsPerQuery: a.secondsPerQuery + share * (b.secondsPerQuery - a.secondsPerQuery),
          };
          const before = areaUnderCurve(curve, window);
          expect(Math.abs(areaUnderCurve([...curve, mixed], window) - before)).toBeLessThanOrEqual(
            before * 1e-6 + 1e-9,
          );
        },
      ),
    );
  });

  it('scales with speed', () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0.1, max: 10, noNaN: true }), (curve, factor) => {
        const faster = curve.map((p) => ({ ...p, secondsPerQuery: p.secondsPerQuery / factor }));
        const before = areaUnderCurve(curve, window);
        expect(Math.abs(areaUnderCurve(faster, window) - factor * before)).toBeLessThanOrEqual(
          factor * before * 1e-9,
        );
      }),
    );
  });

  it("differs from the paper's, which leaving points away can raise", () => {
    const curve = [0.86, 0.9, 0.94].map((recall, i) => ({ recall, secondsPerQuery: [1e-3, 4e-3, 8e-3][i]! }));
    const thinned = [curve[0]!, curve[2]!];
    expect(crinnAuc(thinned, window)).toBeGreaterThan(crinnAuc(curve, window));
    expect(areaUnderCurve(thinned, window)).toBeLessThan(areaUnderCurve(curve, window));
  });
});

describe('a reference that ends below the window', () => {
  it('is an error that proposes a window it reaches', () => {
    const curve = [{ recall: 0.8123, secondsPerQuery: 1e-3 }];
    expect(() => requireWindowReached(curve, window)).toThrow(
      /0\.8123.*"search.recallWindow".*\[0\.712, 0\.812\]/,
    );
    try {
      requireWindowReached(curve, window);
    } catch (error) {
      const { proposed } = error as WindowError;
      expect(proposed[1]).toBeLessThanOrEqual(0.8123);
      expect(() => requireWindowReached(curve, proposed)).not.toThrow();
    }
  });
});
