import type { CurveSeries } from '../../src/protocol/engine.ts';
import type { CurvePoint, RecallWindow } from '../../src/protocol/measurement.ts';
import { byRecall, frontierLine, frontierOf, type Place } from './frontier.ts';
import { type Look, lookOf } from './look.ts';

/** A series with what is drawn of it; the chart and the SVG file draw the same. */
export interface Curve {
  readonly series: CurveSeries;
  readonly look: Look;
  readonly slot: number | undefined;
  /** Measured points by recall, with those that a logarithmic axis cannot show left out. */
  readonly points: readonly CurvePoint[];
  readonly corners: ReadonlySet<CurvePoint>;
  readonly line: readonly Place[];
}

export interface Plot {
  readonly curves: readonly Curve[];
  readonly windows: readonly RecallWindow[];
}

export function plotOf(
  series: readonly CurveSeries[],
  windows: readonly RecallWindow[],
  slots: ReadonlyMap<string, number>,
): Plot {
  const curves = series.map((one): Curve => {
    const points = byRecall(one.points.filter(({ qps, secondsPerQuery }) => qps > 0 && secondsPerQuery > 0));
    const corners = frontierOf(points);
    return {
      series: one,
      look: lookOf(one),
      slot: slots.get(one.id),
      points,
      corners: new Set(corners),
      line: frontierLine(corners),
    };
  });
  return { curves, windows };
}
