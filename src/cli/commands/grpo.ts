import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../../engine/errors.ts';
import { skippedText } from '../../engine/grpoRound.ts';
import { grpoInWorkspace } from '../../engine/grpoWorkspace.ts';
import { createCppSyntax } from '../../engine/module/cppSyntax.ts';
import { PolicyStore } from '../../engine/policyStore.ts';
import { templateVersion } from '../../engine/prompt/template.ts';
import { splitDatasetNames } from '../../protocol/dataset.ts';
import type { GrpoReport, GrpoRoundReport, VersionSummary } from '../../protocol/grpo.ts';
import { moduleNames } from '../../protocol/module.ts';
import { findWorkspace } from '../context.ts';
import { grpoOfModel, modelReportText, requireNoModel } from '../grpoOfModel.ts';
import type { GrpoOptions } from '../grpoOptions.ts';
import type { Execute } from '../main.ts';
import { modulesOf } from '../modulesOf.ts';
import { wholeNumber } from '../numbers.ts';
import { table } from '../table.ts';

function collect(value: string, before: readonly string[]): string[] {
  return [...before, ...splitDatasetNames(value)];
}

export function addGrpoCommand(program: Command, execute: Execute): void {
  const grpo = program
    .command('grpo')
    .description('train the policy that proposes on its own measured rewards: sample groups, measure, update')
    .option('--policy <policy>', 'the policy to train', 'playbook')
    .option('--rounds <n>', 'rounds, each from the version before (default: 1)', wholeNumber(1, 1000))
    .option(
      '--offline',
      'sample nothing to train on: one update from what the ledger has of the version that samples now; then a group per module is measured to compare, unless --promote never',
    )
    .option('--workspace <dir>', 'workspace folder (default: the nearest annsmith.json)')
    .option(
      '--module <module>',
      `what is sampled: ${moduleNames.join(', ')}, several with commas, or all (default: those that have regions, without construction, whose candidates each build an index)`,
      modulesOf,
    )
    .option(
      '--dataset <name>',
      "dataset to measure on; may be repeated (default: the manifest's first)",
      collect,
      [],
    )
    .option('--group <n>', 'candidates per group', wholeNumber(2, 64), 8)
    .option('--groups <n>', 'groups per module and round (default: 1)', wholeNumber(1, 64))
    .option('--seed <n>', 'seed of sampling and training', wholeNumber(0, 2 ** 31), 1)
    .option(
      '--budget <minutes>',
      'begin no round that would end later, going by those before (default: as long as it takes)',
      wholeNumber(1, 10_000),
    )
    .addOption(
      new Option(
        '--promote <when>',
        'auto, the default: measure a group per module of the new version, and let it sample from then on unless it is worse',
      ).choices(['auto', 'never']),
    )
    .option('--advantage-limit <x>', 'clip advantages to -x..x (default: not at all)', positive)
    .argument(
      '[trainer...]',
      "with --policy openai:MODEL, after `--`: options of the trainer's own, such as --micro-batch 2",
    )
    .optionsGroup('For --policy openai:MODEL, a model that runs here (npm run setup:trainer):')
    .option('--model <folder>', 'the base model')
    .option('--adapter <folder>', 'the adapter that samples now (default: none, the base model alone)')
    .option('--out <folder>', 'where the new adapter goes')
    .option(
      '--policy-version <version>',
      'with --offline: the version that the groups have in the ledger',
      templateVersion,
    );
  grpo.action((trainerOptions: string[], options: GrpoOptions) => {
    requireUsage(grpo, trainerOptions, options.policy);
    return execute(async (context) => {
      const { output, services, signal } = context;
      const {
        policy,
        rounds = 1,
        offline = false,
        module,
        dataset,
        group,
        groups = 1,
        seed,
        budget,
        promote = 'auto',
        advantageLimit,
      } = options;
      if (offline && rounds > 1) {
        throw new UserError(
          'offline-rounds',
          `--offline is one update, not ${rounds} rounds`,
          'Leave out --rounds, or leave out --offline.',
        );
      }
      if (policy !== 'playbook') {
        const report = await grpoOfModel(options, trainerOptions, context);
        output.result(report, () => modelReportText(report));
        return;
      }
      requireNoModel(options);
      if (promote === 'never' && rounds > 1) {
        throw new UserError(
          'rounds-without-promotion',
          `--promote never leaves the version that samples as it is: ${rounds} rounds would train it ${rounds} times anew, none from the one before`,
          'Leave out --rounds, or leave out --promote never.',
        );
      }
      const report = await grpoInWorkspace(
        {
          root: findWorkspace(options.workspace),
          store: new PolicyStore(services.clock),
          mode: offline ? 'offline' : 'online',
          rounds,
          modules: module,
          datasets: dataset,
          group,
          groups,
          seed,
          budgetSeconds: budget === undefined ? undefined : budget * 60,
          promote,
          ...(advantageLimit === undefined ? {} : { advantageLimit }),
          onRound: (round) => output.info(roundText(round)),
        },
        { services, signal, syntax: await createCppSyntax() },
      );
      output.result(report, () => reportText(report));
    });
  });

  grpo
    .command('list')
    .description('versions of the policy, and what came of the rounds')
    .action(() =>
      execute(async ({ output, services }) => {
        const store = new PolicyStore(services.clock);
        const [versions, rounds] = [await store.list(), await store.rounds()];
        output.result({ versions, rounds }, () => versionsText(versions));
      }),
    );

  grpo
    .command('promote <version>')
    .description('let a version sample from now on; `prior` is the one that is not trained')
    .action((version: string) =>
      execute(async ({ output, services }) => {
        const store = new PolicyStore(services.clock);
        await store.promote(version);
        const promoted = store.promotedVersion;
        output.result({ promoted }, () => `${promoted} samples from now on`);
      }),
    );

  grpo
    .command('rollback')
    .description('go back to the version that was promoted before')
    .action(() =>
      execute(async ({ output, services }) => {
        const store = new PolicyStore(services.clock);
        await store.rollBack();
        const promoted = store.promotedVersion;
        output.result({ promoted }, () => `${promoted} samples from now on`);
      }),
    );
}

/** @throws CommanderError for words that are neither commands nor options of a trainer that is used. */
function requireUsage(grpo: Command, [first]: readonly string[], policy: string): void {
  if (first === undefined || (policy !== 'playbook' && first.startsWith('-'))) return;
  grpo.error(
    first.startsWith('-')
      ? `error: ${first} after \`--\` is for the trainer of language models, and the policy is playbook`
      : `error: ${first} is no command of grpo; \`annsmith grpo --help\` lists them`,
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('must be a number above 0.');
  return value;
}

function roundText({ from, version, groups, training, promoted, why }: GrpoRoundReport): string {
  const used = `${groups.used} groups used${groups.skipped.length === 0 ? '' : ` (left out: ${skippedText(groups.skipped)})`}`;
  if (training === null || version === null) return `${from}: ${used}; ${why}`;
  return `${from} -> ${version}: ${used}; ${promoted ? 'promoted' : 'not promoted'}: ${why}`;
}

function reportText({ rounds, version }: GrpoReport): string {
  const rows = rounds.map(({ from, version: made, groups, training, promoted }) => [
    from,
    made ?? '-',
    groups.used,
    ...(training === null
      ? ['-', '-', '-', '-', '-', '-']
      : [
          training.meanReward.toFixed(3),
          training.bestReward.toFixed(3),
          `${Math.round(100 * training.validFraction)} %`,
          training.kl.toFixed(4),
          `${Math.round(100 * training.clipFraction)} %`,
          training.entropy.toFixed(3),
        ]),
    promoted ? 'yes' : 'no',
  ]);
  const head = ['from', 'version', 'groups', 'mean', 'best', 'valid', 'KL', 'clipped', 'entropy', 'promoted'];
  return `${table(head, rows)}\n${version} samples from now on`;
}

function versionsText(versions: readonly VersionSummary[]): string {
  return table(
    ['version', 'parent', 'created', 'groups', 'mean reward', 'KL', ''],
    versions.map(({ version, parent, created, metrics, promoted, problem }) => [
      version,
      parent ?? '-',
      created ?? '-',
      metrics?.groups ?? '-',
      metrics?.meanReward.toFixed(3) ?? '-',
      metrics?.kl.toFixed(4) ?? '-',
      promoted ? 'promoted' : (problem ?? ''),
    ]),
  );
}
