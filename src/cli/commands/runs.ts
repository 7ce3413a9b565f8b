import { join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../engine/errors.ts';
import { readLedger } from '../../engine/ledger/ledgerReader.ts';
import { ledgerPath, type RunSummary, summariseRuns } from '../../engine/ledger/runSummary.ts';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { resumeRun } from '../../engine/resumeRun.ts';
import { formatGain } from '../../protocol/numberText.ts';
import { type CommandContext, findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';
import { modelAccess } from '../modelAccess.ts';
import { addModelOptions, type ModelOptions } from '../modelOptions.ts';
import { optimizeText } from '../optimizeText.ts';
import { table } from '../table.ts';

async function readRuns(root: string, { output }: CommandContext): Promise<RunSummary[]> {
  const path = ledgerPath(root);
  const { records, problems } = await readLedger(path);
  for (const { line, problem } of problems) output.warn(`${path}:${line}: ${problem}`);
  return summariseRuns(records);
}

export function addRunsCommand(program: Command, execute: Execute): void {
  const runs = program.command('runs').description('what was run on a workspace, from its ledger');

  runs
    .command('list')
    .description('every run, newest last')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .action((options: { workspace?: string }) =>
      execute(async (context) => {
        const list = await readRuns(findWorkspace(options.workspace), context);
        context.output.result(
          { runs: list.map(({ candidates, ...run }) => ({ ...run, candidates: candidates.length })) },
          () =>
            list.length === 0
              ? 'no runs yet; start one with `annsmith optimize`'
              : table(
                  ['run', 'for', 'module', 'dataset', 'status', 'candidates', 'best', 'gain'],
                  list.map((r) => [
                    r.id,
                    r.forTraining ? 'training' : 'optimizing',
                    r.module,
                    r.dataset,
                    r.status,
                    r.candidates.length,
                    r.best.join(', ') || '-',
                    r.gain === null ? '-' : formatGain(r.gain.value),
                  ]),
                ),
        );
      }),
    );

  runs
    .command('show <run>')
    .description('one run: its candidates with verdict, reward and interval')
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .action((id: string, options: { workspace?: string }) =>
      execute(async (context) => {
        const root = findWorkspace(options.workspace);
        const list = await readRuns(root, context);
        const run = list.find((r) => r.id === id);
        if (run === undefined) {
          throw new UserError(
            'no-such-run',
            `${ledgerPath(root)}: there is no run ${id}`,
            list.length === 0
              ? 'Start one with `annsmith optimize`.'
              : `Runs: ${list.map((r) => r.id).join(', ')}`,
          );
        }
        context.output.result(run, () =>
          [
            `${run.id}: ${run.module} on ${run.dataset}, policy ${run.policy}, seed ${run.seed}, ${run.status}${run.forTraining ? ', sampled for training' : ''}`,
            table(
              ['module', 'candidate', 'verdict', 'reward', 'gain', 'interval', 'program'],
              run.candidates.map((c) => [
                c.module,
                c.id,
                c.verdict,
                c.reward === null ? '-' : c.reward.toFixed(3),
                c.gain === null ? '-' : formatGain(c.gain.value),
                c.gain === null ? '-' : `${formatGain(c.gain.low)} .. ${formatGain(c.gain.high)}`,
                c.text,
              ]),
            ),
            ...(run.best.length === 0
              ? []
              : [`patch: ${join(root, '.annsmith', 'runs', run.id, 'best.patch')}`]),
          ].join('\n'),
        );
      }),
    );

  const resume = runs
    .command('resume <run>')
    .description(
      'go on with a run that was cut off or cancelled; nothing that was finished is measured again',
    )
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)');
  addModelOptions(resume).action((id: string, options: ModelOptions & { workspace?: string }) =>
    execute(async (context) => {
      const { services, signal, output } = context;
      const report = await resumeRun(
        { root: findWorkspace(options.workspace), runId: id, access: modelAccess(options, context) },
        { services, signal, syntax: await createCppSyntax() },
      );
      output.result(report, () => optimizeText(report));
    }),
  );
}
