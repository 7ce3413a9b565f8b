import { formatGainInterval, formatNumber, formatTime } from '../../engine/reporting/format.ts';
import type { Measured, ModuleOverview } from '../../protocol/engine.ts';
import type { Estimate } from '../../protocol/measurement.ts';

/** A log ratio as a whole percentage: `+23 %`. */
export function wholePercent({ value }: Estimate): string {
  const percent = Math.round(Math.expm1(value) * 100);
  return `${percent >= 0 ? '+' : ''}${formatNumber(percent)} %`;
}

/** `95 % interval +20.1 % to +26.0 %`. */
export function intervalText(gain: Estimate): string {
  return `95 % interval ${formatGainInterval(gain)}`.replaceAll('\u00a0', ' ');
}

/** `12,345 QPS at recall 0.95`. */
export function speedText({ qps, recall }: Measured): string {
  return qps === null
    ? `does not reach recall ${recall}`
    : `${formatNumber(Math.round(qps))} QPS at recall ${recall}`;
}

/** `Optimize search · 12,345 QPS at recall 0.95 (stale) · best +23 %`. */
export function lensTitle(
  module: string,
  facts: Pick<ModuleOverview, 'measured' | 'best'> | undefined,
): string {
  const { measured = null, best = null } = facts ?? {};
  return [
    `Optimize ${module}`,
    ...(measured === null ? [] : [`${speedText(measured)}${measured.stale ? ' (stale)' : ''}`]),
    ...(best === null ? [] : [`best ${wholePercent(best.gain)}`]),
  ].join(' \u00b7 ');
}

/** What is known of a module, as Markdown. */
export function hoverText(
  { module, symbol }: { readonly module: string; readonly symbol: string },
  facts: Pick<ModuleOverview, 'measured' | 'best'> | undefined,
): string {
  const { measured = null, best = null } = facts ?? {};
  const lines = [`**Annsmith: ${module}**, region \`${symbol}\``];
  if (measured === null) lines.push('- Not measured yet');
  else {
    const stale = measured.stale ? '; stale: the code was changed since' : '';
    lines.push(
      `- Measured: ${speedText(measured)} on ${measured.dataset}, ${formatTime(measured.at)}${stale}`,
    );
  }
  if (best !== null) {
    const name = best.candidate === module ? 'confirmed winner' : `candidate ${best.candidate}`;
    lines.push(`- Best: ${name} of run ${best.run}, ${wholePercent(best.gain)} (${intervalText(best.gain)})`);
  }
  return lines.join('\n');
}
