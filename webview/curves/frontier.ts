import type { CurvePoint } from '../../src/protocol/measurement.ts';

/** A place on the plot. */
export interface Place {
  readonly recall: number;
  readonly qps: number;
}

/** Places that a segment of the frontier is drawn through: straight in time per query, so curved in QPS. */
const steps = 12;

/**
 * The measured points on the Pareto frontier, by recall: the corners of the lower convex hull of (recall, seconds per
 * query). The same as `lowerHull` of the engine, which a test holds it to.
 */
export function frontierOf(points: readonly CurvePoint[]): CurvePoint[] {
  const sorted = points
    .filter(({ secondsPerQuery }) => secondsPerQuery > 0)
    .sort((a, b) => a.recall - b.recall || b.secondsPerQuery - a.secondsPerQuery);
  const hull: CurvePoint[] = [];
  for (const point of sorted) {
    while (hull.length > 0) {
      const last = hull.at(-1)!;
      const before = hull.at(-2);
      const dominated = last.secondsPerQuery >= point.secondsPerQuery;
      if (!dominated && (before === undefined || !isAbove(last, before, point))) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

/** Whether the corner lies on or above the chord between its neighbours. */
function isAbove(corner: CurvePoint, before: CurvePoint, after: CurvePoint): boolean {
  return (
    (corner.secondsPerQuery - before.secondsPerQuery) * (after.recall - before.recall) >=
    (after.secondsPerQuery - before.secondsPerQuery) * (corner.recall - before.recall)
  );
}

/** The frontier between its corners: what choosing between two ef values at random achieves. */
export function frontierLine(corners: readonly CurvePoint[]): Place[] {
  const [first] = corners;
  if (first === undefined) return [];
  const line: Place[] = [{ recall: first.recall, qps: 1 / first.secondsPerQuery }];
  for (const [i, to] of corners.slice(1).entries()) {
    const from = corners[i]!;
    for (let step = 1; step <= steps; step++) {
      const share = step / steps;
      const seconds = from.secondsPerQuery + share * (to.secondsPerQuery - from.secondsPerQuery);
      line.push({ recall: from.recall + share * (to.recall - from.recall), qps: 1 / seconds });
    }
  }
  return line;
}

export function byRecall(points: readonly CurvePoint[]): CurvePoint[] {
  return [...points].sort((a, b) => a.recall - b.recall || a.ef - b.ef);
}
