import { type Command, Option } from 'commander';
import { optimize } from '../../engine/optimizer.ts';
import { catalogue } from '../../engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../../engine/policy/playbook/playbookPolicy.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import type { OptimizeReport } from '../../protocol/optimize.ts';
import type { Verdict } from '../../protocol/verdict.ts';
import { loadInputs } from '../loadInputs.ts';
import type { Execute } from '../main.ts';
import { wholeNumber } from '../numbers.ts';
import { speedupTable } from '../speedupTable.ts';
import { formatBytes, formatGain, table } from '../table.ts';

interface Options {
  readonly workspace?: string;
  readonly module: ModuleName;
  readonly dataset?: string;
  readonly group: number;
  readonly rounds: number;
  readonly seed: number;
  readonly apply: 'best' | 'none';
}

function verdictText(verdict: Verdict): string {
  if (verdict.kind === 'rejected') return `${verdict.reason} (${verdict.check})`;
  return verdict.kind;
}

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
        ['memory of the process', formatBytes(reference.rssBytes), formatBytes(candidate.rssBytes)],
        ['latency p50', ms(best.latency.reference.p50), ms(best.latency.candidate.p50)],
        ['latency p95', ms(best.latency.reference.p95), ms(best.latency.candidate.p95)],
        ['latency p99', ms(best.latency.reference.p99), ms(best.latency.candidate.p99)],
      ],
    ),
    '',
    `patch: ${best.patch}${report.applied ? ' (applied)' : ''}`,
  ].join('\n');
}

export function addOptimizeCommand(program: Command, execute: Execute): void {
  program
    .command('optimize')
    .description('propose, build, verify and measure rewrites of one module; confirm the best')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .addOption(
      new Option('--module <module>', 'module to optimize').choices([...moduleNames]).makeOptionMandatory(),
    )
    .option('--dataset <name>', "dataset (default: the manifest's first)")
    .option('--group <n>', 'candidates per round', wholeNumber(2, 64), 8)
    .option('--rounds <n>', 'rounds', wholeNumber(1, 100), 1)
    .addOption(
      new Option('--policy <policy>', 'what writes the candidates').choices(['playbook']).default('playbook'),
    )
    .option('--seed <n>', 'seed of sampling and of the query order', wholeNumber(0, 2 ** 31), 1)
    .addOption(
      new Option('--apply <what>', 'write the confirmed winner into the workspace, or leave it as a patch')
        .choices(['best', 'none'])
        .default('none'),
    )
    .action((options: Options) =>
      execute(async (context) => {
        const { output, services, signal } = context;
        const { syntax, locate, workspace, dataset } = await loadInputs(options, context);
        const { module, group, rounds, seed, apply } = options;
        const policy = createPlaybookPolicy({ catalogue, syntax });
        const report = await optimize({
          services,
          signal,
          workspace,
          dataset,
          locate,
          policy,
          module,
          group,
          rounds,
          seed,
          apply,
        });
        output.result(report, () => optimizeText(report));
      }),
    );
}
