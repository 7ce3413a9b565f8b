import type { Estimate } from '../../../protocol/measurement.ts';

/** Numbers look as they do on the command line, in the reports and on the charts, whatever the display language. */

function percent(logRatio: number): string {
  const gain = (Math.exp(logRatio) - 1) * 100;
  return `${gain >= 0 ? '+' : ''}${gain.toFixed(1)}`;
}

/** A log ratio as a percentage gain with its sign: 0.405 -> "+49.9 %". */
export function formatGain(logRatio: number): string {
  return `${percent(logRatio)} %`;
}

/** With its interval: "+49.9 % (+45.2 .. +54.7)". */
export function formatEstimate({ value, low, high }: Estimate): string {
  return `${formatGain(value)} (${percent(low)} .. ${percent(high)})`;
}

/** A ratio with its interval: "1.82 x (1.79 .. 1.85)". */
export function formatRatio({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)} x (${low.toFixed(2)} .. ${high.toFixed(2)})`;
}

export function formatQps(qps: number): string {
  return qps >= 1000 ? formatCount(Math.round(qps)) : qps.toFixed(1);
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Date and time of this machine: "2026-01-31 09:30". Not relative, so that a row never goes out of date. */
export function formatTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
