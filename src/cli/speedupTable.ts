import type { SpeedupAt } from '../protocol/measurement.ts';
import { formatQps } from '../protocol/numberText.ts';
import { table } from './table.ts';

/** QPS before and after at each recall, with the ratio and its interval. */
export function speedupTable(speedups: readonly SpeedupAt[]): string {
  return table(
    ['recall', 'QPS before', 'QPS after', 'speed-up', '95 % interval'],
    speedups.map((s) => [
      s.recall,
      formatQps(s.referenceQps),
      formatQps(s.candidateQps),
      `${s.ratio.value.toFixed(3)} x`,
      `${s.ratio.low.toFixed(3)} .. ${s.ratio.high.toFixed(3)}`,
    ]),
  );
}
