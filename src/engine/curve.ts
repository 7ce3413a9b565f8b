import type { CurvePoint, RecallWindow } from '../protocol/measurement.ts';

/** A corner of the hull: recall and seconds per query. */
export interface Corner {
  readonly recall: number;
  readonly seconds: number;
}

/** What the curve arithmetic needs of a point. */
export type TimedRecall = Pick<CurvePoint, 'recall' | 'secondsPerQuery'>;

/** The reference's curve ends below the recall window: nothing can be compared there. */
export class WindowError extends Error {
  readonly proposed: RecallWindow;
  constructor(window: RecallWindow, highestRecall: number) {
    const high = Math.max(0.001, Math.floor(highestRecall * 1000) / 1000);
    const low = Math.max(0, Math.round((high - (window[1] - window[0])) * 1000) / 1000);
    super(
      `The reference reaches a recall of ${highestRecall.toFixed(4)} at most, below the window ` +
        `[${window[0]}, ${window[1]}]. Set "search.recallWindow" in annsmith.json to [${low}, ${high}].`,
    );
    this.name = 'WindowError';
    this.proposed = [low, high];
  }
}

/**
 * T(r): the lower convex hull of (recall, seconds per query), made non-decreasing in recall. It is what choosing at
 * random between two ef values would achieve. The first corner is the fastest point, the last the highest recall.
 */
export function lowerHull(points: readonly TimedRecall[]): Corner[] {
  const sorted = points
    .map((point) => ({ recall: point.recall, seconds: point.secondsPerQuery }))
    .sort((a, b) => a.recall - b.recall || b.seconds - a.seconds);
  const hull: Corner[] = [];
  for (const point of sorted) {
    // What is neither more accurate nor faster than this point leaves; so does a corner above the new chord.
    while (hull.length > 0) {
      const last = hull[hull.length - 1]!;
      const before = hull[hull.length - 2];
      const dominated = last.seconds >= point.seconds;
      const above =
        before !== undefined &&
        (last.seconds - before.seconds) * (point.recall - before.recall) >=
          (point.seconds - before.seconds) * (last.recall - before.recall);
      if (!dominated && !above) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

/** The hull continued to `recall` along its last segment (level if it has only one corner). */
export function extendHull(hull: readonly Corner[], recall: number): readonly Corner[] {
  const last = hull[hull.length - 1];
  if (last === undefined || last.recall >= recall) return hull;
  const before = hull[hull.length - 2];
  const slope = before === undefined ? 0 : (last.seconds - before.seconds) / (last.recall - before.recall);
  return [...hull, { recall, seconds: last.seconds + slope * (recall - last.recall) }];
}

/** F(r) = 1 / T(r), queries per second at recall >= r; 0 beyond the highest measured recall. */
export function qpsAtRecall(hull: readonly Corner[], recall: number): number {
  const first = hull[0];
  if (first === undefined) return 0;
  if (recall <= first.recall) return 1 / first.seconds;
  for (let i = 1; i < hull.length; i++) {
    const [a, b] = [hull[i - 1]!, hull[i]!];
    if (recall <= b.recall) {
      const share = (recall - a.recall) / (b.recall - a.recall);
      return 1 / (a.seconds + share * (b.seconds - a.seconds));
    }
  }
  return 0;
}

/** Mean of F over the window, in QPS; closed form, since 1/T of a linear T integrates to a logarithm. */
export function hullAuc(hull: readonly Corner[], window: RecallWindow): number {
  const [low, high] = window;
  const first = hull[0];
  if (first === undefined) return 0;
  let area = Math.max(0, Math.min(first.recall, high) - low) / first.seconds;
  for (let i = 1; i < hull.length; i++) {
    const [a, b] = [hull[i - 1]!, hull[i]!];
    const from = Math.max(a.recall, low);
    const to = Math.min(b.recall, high);
    if (to <= from) continue;
    const slope = (b.seconds - a.seconds) / (b.recall - a.recall);
    const secondsFrom = a.seconds + slope * (from - a.recall);
    const growth = (slope * (to - from)) / secondsFrom;
    // log1p(x) / x tends to 1 on a level segment.
    area += ((to - from) / secondsFrom) * (growth < 1e-12 ? 1 : Math.log1p(growth) / growth);
  }
  return area / (high - low);
}

/** Area under the frontier of the points, as a mean QPS over the window. */
export function areaUnderCurve(points: readonly TimedRecall[], window: RecallWindow): number {
  return hullAuc(lowerHull(points), window);
}

/**
 * CRINN's area (arXiv 2508.02091): keep the points inside the window, sort them by recall, trapezoids of QPS over
 * recall. Kept beside ours for comparison; it rewards leaving points out and is 0 for fewer than two points.
 */
export function crinnAuc(points: readonly TimedRecall[], window: RecallWindow): number {
  const inside = points
    .filter((point) => point.recall >= window[0] && point.recall <= window[1])
    .sort((a, b) => a.recall - b.recall);
  let area = 0;
  for (let i = 1; i < inside.length; i++) {
    const [a, b] = [inside[i - 1]!, inside[i]!];
    area += ((1 / a.secondsPerQuery + 1 / b.secondsPerQuery) / 2) * (b.recall - a.recall);
  }
  return area;
}

/** Throws WindowError if the reference does not reach the window's lower edge. */
export function requireWindowReached(points: readonly TimedRecall[], window: RecallWindow): void {
  const highest = Math.max(0, ...points.map((point) => point.recall));
  if (highest < window[0]) throw new WindowError(window, highest);
}
