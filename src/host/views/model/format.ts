import type { Estimate } from '../../../protocol/measurement.ts';
import { formatGain } from '../../../protocol/numberText.ts';

/** Numbers look as they do on the command line, in the reports and on the charts, whatever the display language. */

/** Without the sign of percent. */
function bare(logRatio: number): string {
  return formatGain(logRatio).replace(' %', '');
}

/** With its interval: "+49.9 % (+45.2 .. +54.7)". */
export function formatEstimate({ value, low, high }: Estimate): string {
  return `${formatGain(value)} (${bare(low)} .. ${bare(high)})`;
}

/** A ratio with its interval: "1.82 x (1.79 .. 1.85)". */
export function formatRatio({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)} x (${low.toFixed(2)} .. ${high.toFixed(2)})`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Date and time of this machine: "2026-01-31 09:30". Not relative, so that a row never goes out of date. */
export function formatTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
