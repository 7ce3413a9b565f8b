import type { Estimate } from '../../protocol/measurement.ts';

const minus = '\u2212';
const nonBreaking = '\u00a0';

/** A number with thousands separators and a true minus sign. */
export function formatNumber(value: number, digits = 0): string {
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return value < 0 && /[1-9]/.test(text) ? `${minus}${text}` : text;
}

/** A log ratio as a percentage: 0.405 is `+49.9 %`. */
export function formatGain(logRatio: number): string {
  const percent = Math.expm1(logRatio) * 100;
  const digits = Math.abs(percent) < 99.95 ? 1 : 0;
  const text = formatNumber(percent, digits);
  return `${percent >= 0 ? '+' : ''}${text}${nonBreaking}%`;
}

/** `+48.1 % to +51.8 %`. */
export function formatGainInterval({ low, high }: Estimate): string {
  return `${formatGain(low)} to ${formatGain(high)}`;
}

/** A ratio as a factor: `1.86x`, with a true multiplication sign. */
export function formatRatio(ratio: number): string {
  return `${formatNumber(ratio, ratio < 9.995 ? 2 : 1)}\u00d7`;
}

export function formatRatioInterval({ low, high }: Estimate): string {
  return `${formatRatio(low)} to ${formatRatio(high)}`;
}

export function formatQps(qps: number): string {
  return formatNumber(qps, qps < 100 ? 1 : 0);
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** unit;
  return `${formatNumber(value, value < 10 && unit > 0 ? 1 : 0)}${nonBreaking}${units[unit]}`;
}

/** CPU or wall-clock seconds: `3.200 ms`, `0.42 s`, `21.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds > 0 && seconds < 0.1) return formatLatency(seconds);
  if (seconds < 60) return `${formatNumber(seconds, seconds < 1 ? 2 : 1)}${nonBreaking}s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${hours}${nonBreaking}h ${minutes}${nonBreaking}min`;
  return `${minutes}${nonBreaking}min ${whole % 60}${nonBreaking}s`;
}

/** A latency: `0.183 ms`, `12.4 ms`. */
export function formatLatency(seconds: number): string {
  const ms = seconds * 1000;
  return `${formatNumber(ms, ms < 10 ? 3 : 1)}${nonBreaking}ms`;
}

/** A recall that was chosen, as many digits as it needs, at least two. */
export function formatRecall(recall: number): string {
  return recall.toFixed(4).replace(/0{1,2}$/, '');
}

/** A recall that was measured. */
export function formatMeasuredRecall(recall: number): string {
  return recall.toFixed(4);
}

/** `5,012 → 9,371`. */
export function formatChange(before: string, after: string): string {
  return `${before} \u2192 ${after}`;
}

/** `2026-01-31 14:05 UTC`. */
export function formatTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `1 candidate`, `2 candidates`. */
export function counted(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

export function upperFirst(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
