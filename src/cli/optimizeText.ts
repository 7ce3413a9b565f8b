import type { FinalTrial } from '../protocol/ledger.ts';
import type { Estimate, SpeedupAt } from '../protocol/measurement.ts';
import type { TokenUsage } from '../protocol/model.ts';
import { formatBytes, formatGain, formatQps } from '../protocol/numberText.ts';
import type { ModuleReport, OptimizeReport } from '../protocol/optimize.ts';
import type { Verdict } from '../protocol/verdict.ts';
import { speedupTable } from './speedupTable.ts';
import { table } from './table.ts';

function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'rejected') return `${verdict.reason} (${verdict.check})`;
  return verdict.kind;
}

/** A program as it is; of a model's answer the first line that says something. */
function summaryOf(program: string): string {
  const line = program.split('\n').find((text) => /\w/.test(text) && !text.startsWith('#')) ?? program;
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`;
}

function usageText({ promptTokens, completionTokens, requests, cost }: TokenUsage): string {
  const dollars = cost === null ? '' : `, $${cost.toFixed(4)}`;
  return `models: ${requests} requests, ${promptTokens} prompt and ${completionTokens} completion tokens${dollars}`;
}

function interval({ value, low, high }: Estimate): string {
  return `${formatGain(value)} (${formatGain(low)} .. ${formatGain(high)})`;
}

function moduleText({ module, best, seconds }: ModuleReport): string {
  const took = `${(seconds / 60).toFixed(1)} min`;
  if (best === null) return `${module}: no gain was confirmed (${took})`;
  const head = `${module}: ${best.id}, confirmed gain ${interval(best.gain)} (${took})`;
  const parts = best.parts.map(
    ({ part, gain, cause }) =>
      `  ${part}: ${gain === null ? 'not measured alone' : interval(gain)}. ${cause}`,
  );
  return [head, ...(parts.length > 0 ? parts : [`  ${summaryOf(best.program)}`])].join('\n');
}

function costsText({ dataset, heldOut, costs, latency, throughput, comparison }: FinalTrial): string {
  const { reference, candidate } = costs;
  const seconds = (cpu: typeof reference): string =>
    `${(cpu.buildCpuSeconds + cpu.prepareCpuSeconds).toFixed(1)} s`;
  const ms = (value: number): string => `${(value * 1000).toFixed(3)} ms`;
  return [
    `${dataset}${heldOut ? ' (held out)' : ''}: gain ${interval(comparison.logRatio)}`,
    speedupTable(comparison.speedupAt as readonly SpeedupAt[]),
    '',
    table(
      ['', 'before', 'after'],
      [
        ['build CPU time, one thread', seconds(reference), seconds(candidate)],
        ['memory of the index', formatBytes(reference.anonymousBytes), formatBytes(candidate.anonymousBytes)],
        ['latency p50', ms(latency.reference.p50), ms(latency.candidate.p50)],
        ['latency p95', ms(latency.reference.p95), ms(latency.candidate.p95)],
        ['latency p99', ms(latency.reference.p99), ms(latency.candidate.p99)],
        ...(throughput ?? []).map((t) => [
          `QPS of ${t.threads} processes at once`,
          formatQps(t.reference.qps),
          formatQps(t.candidate.qps),
        ]),
      ],
    ),
  ].join('\n');
}

/** The report of a run for a terminal. */
export function optimizeText(report: OptimizeReport): string {
  const candidates = table(
    ['module', 'candidate', 'verdict', 'reward', 'gain', '95 % interval', 'program'],
    report.candidates.map((c) => [
      c.module,
      c.id,
      verdictText(c.verdict),
      c.reward === null ? '-' : c.reward.toFixed(3),
      c.interval === null ? '-' : formatGain(c.interval.value),
      c.interval === null ? '-' : `${formatGain(c.interval.low)} .. ${formatGain(c.interval.high)}`,
      summaryOf(c.program),
    ]),
  );
  const { best } = report;
  const modules = [
    ...report.modules.map(moduleText),
    ...(report.usage === null ? [] : [usageText(report.usage)]),
  ];
  if (best === null)
    return [candidates, '', ...modules, '', 'no gain was confirmed; nothing is proposed'].join('\n');
  return [
    candidates,
    '',
    ...modules,
    '',
    `confirmed on held-out queries in fresh processes: reward ${best.gain.value.toFixed(3)} (${best.gain.low.toFixed(3)} .. ${best.gain.high.toFixed(3)}), gain ${interval(best.gain)}`,
    '',
    ...best.trials.flatMap((trial) => [costsText(trial), '']),
    `patch: ${best.patch}${report.applied ? ' (applied)' : ''}`,
    `report: annsmith report ${report.run}`,
  ].join('\n');
}
