import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import packageManifest from '../../../package.json' with { type: 'json' };
import { defaultMargin } from '../../engine/export/preference.ts';
import { leftOutText } from '../../engine/export/selection.ts';
import { ledgerPath } from '../../engine/ledger/runSummary.ts';
import { type ExportFormat, exportFormats, exportLedger } from '../../engine/ledgerExport.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { findWorkspace } from '../context.ts';
import type { Execute } from '../main.ts';

interface Options {
  readonly format: ExportFormat;
  readonly workspace?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly run?: string;
  readonly policy?: string;
  readonly module?: ModuleName;
  readonly confirmed?: boolean;
  readonly margin: number;
  readonly responses?: boolean;
}

const formats = `
Formats:
  trl         parquet, one row per rewarded completion: prompt, completion, reward, advantage, tokens
  verl        JSON Lines in verl's layout, one line per group
  sft         JSON Lines for TRL's SFTTrainer: the best completion of each group, if it is faster
  preference  JSON Lines for TRL's DPOTrainer: the best of each group against clearly worse ones
  csv         one line per candidate, of every policy

All but csv hold completions of language models only: the built-in policy is asked without words.`;

export function addLedgerCommand(program: Command, execute: Execute): void {
  const ledger = program.command('ledger').description('everything that was proposed, measured and rewarded');

  ledger
    .command('export')
    .description('write the ledger for a trainer or a spreadsheet')
    .addOption(
      new Option('--format <format>', 'what to write it as')
        .choices(Object.keys(exportFormats))
        .makeOptionMandatory(),
    )
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .option('--out <file>', 'where to write it (default: .annsmith/exports/FORMAT.ENDING in the workspace)')
    .option('--force', 'write over a file that is there')
    .option('--run <run>', 'of this run only: an id of `annsmith runs list`, or `last`')
    .option('--policy <id>', 'of this policy only, e.g. openai:gpt-5')
    .addOption(new Option('--module <module>', 'of this module only').choices([...moduleNames]))
    .option('--confirmed', 'sft: only gains that fresh processes and held-out queries confirmed')
    .option('--margin <reward>', 'preference: least difference in reward of a pair', positive, defaultMargin)
    .option('--responses', 'verl: with the logged completions and their rewards in extra_info')
    .addHelpText('after', formats)
    .action((options: Options) =>
      execute(async ({ output }) => {
        const root = findWorkspace(options.workspace);
        const { format, run, policy, module, margin } = options;
        const { problems, ...written } = await exportLedger({
          root,
          format,
          run,
          policy,
          module,
          margin,
          out: options.out === undefined ? undefined : resolve(options.out),
          force: options.force ?? false,
          confirmed: options.confirmed ?? false,
          responses: options.responses ?? false,
          createdBy: `annsmith ${packageManifest.version}`,
          onProblem: ({ line, problem }) => output.warn(`${ledgerPath(root)}:${line}: ${problem}`),
        });
        for (const { reason, candidates } of written.leftOut) {
          output.info(`left out: ${candidates} ${leftOutText[reason]}`);
        }
        const { rows, candidates, groups, out } = written;
        output.info(`${rows} rows from ${candidates} candidates of ${groups} groups`);
        output.result({ ...written, skippedLines: problems.map(({ line }) => line) }, () => out);
      }),
    );
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('must be a number above 0.');
  }
  return value;
}
