/** The page draws the frontier that the engine computes with. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerHull, qpsAtRecall } from '../../../../src/engine/curve.ts';
import { frontierLine, frontierOf } from '../../../../webview/curves/frontier.ts';

const point = fc
  .record({
    ef: fc.integer({ min: 10, max: 500 }),
    recall: fc.oneof(
      fc.double({ min: 0.5, max: 1, noNaN: true }),
      // Equal recalls and points on one line are where two hulls could differ.
      fc.constantFrom(0.9, 0.92, 0.94, 0.96),
    ),
    secondsPerQuery: fc.oneof(
      fc.double({ min: 1e-5, max: 1e-2, noNaN: true }),
      fc.constantFrom(1e-3, 2e-3, 3e-3, 4e-3),
    ),
  })
  .map((fields) => ({ ...fields, qps: 1 / fields.secondsPerQuery }));
const points = fc.array(point, { maxLength: 14 });

describe('the frontier of the benchmark view', () => {
  it('has the corners of the engine’s lower hull', () => {
    fc.assert(
      fc.property(points, (curve) => {
        const corners = frontierOf(curve).map(({ recall, secondsPerQuery }) => ({
          recall,
          seconds: secondsPerQuery,
        }));
        expect(corners).toEqual(lowerHull(curve));
      }),
      { numRuns: 500 },
    );
  });

  it('is drawn where the engine puts it between the corners', () => {
    fc.assert(
      fc.property(points, (curve) => {
        const hull = lowerHull(curve);
        for (const { recall, qps } of frontierLine(frontierOf(curve))) {
          // At a corner a step may end a rounding error beyond it, where the engine says 0 or the next segment.
          if (hull.some((corner) => Math.abs(corner.recall - recall) < 1e-9)) continue;
          expect(qps / qpsAtRecall(hull, recall)).toBeCloseTo(1, 6);
        }
      }),
    );
  });

  it('consists of measured points', () => {
    fc.assert(
      fc.property(points, (curve) => {
        expect(frontierOf(curve).every((corner) => curve.includes(corner))).toBe(true);
      }),
    );
  });
});
