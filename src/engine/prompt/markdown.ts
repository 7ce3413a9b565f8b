import type { CurvePoint, RecallWindow } from '../../protocol/measurement.ts';

/** A fenced block; the fence is longer than any run of backticks in the text. */
export function fenced(text: string, language: 'cpp' | 'diff' | 'text'): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}${language}\n${text.replace(/\n+$/, '')}\n${fence}`;
}

/** The points inside the window and the nearest one on either side, by recall. */
export function pointsAround(points: readonly CurvePoint[], [low, high]: RecallWindow): CurvePoint[] {
  const sorted = [...points].sort((a, b) => a.recall - b.recall || a.ef - b.ef);
  const first = sorted.findLastIndex(({ recall }) => recall < low);
  const after = sorted.findIndex(({ recall }) => recall > high);
  return sorted.slice(Math.max(0, first), after < 0 ? sorted.length : after + 1);
}

/** A curve as a table; empty for no points. */
export function curveTable(points: readonly CurvePoint[], window: RecallWindow): string {
  const shown = pointsAround(points, window);
  if (shown.length === 0) return '';
  const rows = shown.map(({ ef, recall, qps }) => `| ${ef} | ${recall.toFixed(4)} | ${Math.round(qps)} |`);
  return ['| ef | recall | QPS |', '| ---: | ---: | ---: |', ...rows].join('\n');
}

/** Bytes in the unit that gives a readable number. */
export function bytesText(bytes: number): string {
  const mebibyte = 2 ** 20;
  return bytes < mebibyte ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / mebibyte).toFixed(1)} MiB`;
}
