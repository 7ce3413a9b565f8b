import type { OptimizeReport } from '../protocol/optimize.ts';
import type { Verdict } from '../protocol/verdict.ts';
import { speedupTable } from './speedupTable.ts';
import { formatBytes, formatGain, table } from './table.ts';

function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'rejected') return `${verdict.reason} (${verdict.check})`;
  return verdict.kind;
}

/** The report of a run for a terminal. */
export function optimizeText(report: OptimizeReport): string {
  const candidates = table(
    ['candidate', 'verdict', 'reward', 'gain', '95 % interval', 'program'],
    report.candidates.map((c) => [
      c.id,
      verdictText(c.verdict),
      c.reward === null ? '-' : c.reward.toFixed(3),
      c.interval === null ? '-' : formatGain(c.interval.value),
      c.interval === null ? '-' : `${formatGain(c.interval.low)} .. ${formatGain(c.interval.high)}`,
      c.program,
    ]),
  );
  const { best } = report;
  if (best === null) return `${candidates}\n\nno gain was confirmed; nothing is proposed`;
  const { reference, candidate } = best.costs;
  const seconds = (cpu: typeof reference): string =>
    `${(cpu.buildCpuSeconds + cpu.prepareCpuSeconds).toFixed(1)} s`;
  const ms = (value: number): string => `${(value * 1000).toFixed(3)} ms`;
  return [
    candidates,
    '',
    `best: ${best.id}, ${best.program}`,
    `confirmed on held-out queries in fresh processes: reward ${best.gain.value.toFixed(3)} (${best.gain.low.toFixed(3)} .. ${best.gain.high.toFixed(3)}), gain ${formatGain(best.gain.value)} (${formatGain(best.gain.low)} .. ${formatGain(best.gain.high)})`,
    speedupTable(report.speedup),
    '',
    table(
      ['', 'before', 'after'],
      [
        ['build CPU time, one thread', seconds(reference), seconds(candidate)],
        ['memory of the index', formatBytes(reference.anonymousBytes), formatBytes(candidate.anonymousBytes)],
        ['latency p50', ms(best.latency.reference.p50), ms(best.latency.candidate.p50)],
        ['latency p95', ms(best.latency.reference.p95), ms(best.latency.candidate.p95)],
        ['latency p99', ms(best.latency.reference.p99), ms(best.latency.candidate.p99)],
      ],
    ),
    '',
    `patch: ${best.patch}${report.applied ? ' (applied)' : ''}`,
  ].join('\n');
}
