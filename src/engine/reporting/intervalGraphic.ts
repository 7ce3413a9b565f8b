import type { Estimate, EstimateMode } from '../../protocol/measurement.ts';
import { type Html, html } from './html.ts';

const width = 160;
const height = 16;
const inset = 5;

/** Log ratios that are drawn side by side on one scale. */
export interface IntervalScale {
  readonly low: number;
  readonly high: number;
}

/** A scale for these intervals and zero. What is far slower is cut off at the left: how much slower does not matter. */
export function intervalScale(estimates: readonly Estimate[]): IntervalScale {
  const low = Math.max(-0.5, Math.min(0, ...estimates.map((estimate) => estimate.low)));
  const high = Math.max(0.02, ...estimates.map((estimate) => estimate.high));
  return { low, high };
}

/** An interval as a line with its value as a dot, hollow where it is a paired estimate; the numbers stand beside it. */
export function intervalGraphic(estimate: Estimate, mode: EstimateMode, scale: IntervalScale): Html {
  const place = (value: number): string => {
    const share = (Math.min(Math.max(value, scale.low), scale.high) - scale.low) / (scale.high - scale.low);
    return (inset + share * (width - 2 * inset)).toFixed(1);
  };
  const middle = height / 2;
  return html`<svg class="interval" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true"><line class="zero" x1="${place(0)}" x2="${place(0)}" y1="0" y2="${height}"/><line class="range" x1="${place(estimate.low)}" x2="${place(estimate.high)}" y1="${middle}" y2="${middle}"/><circle class="${mode}" cx="${place(estimate.value)}" cy="${middle}" r="2.75"/></svg>`;
}
