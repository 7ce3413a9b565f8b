import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sourceHash } from '../engine/codeState.ts';
import { contrastivePrompt } from '../engine/contrastivePrompt.ts';
import { UserError } from '../engine/errors.ts';
import { defaultModules } from '../engine/grpoWorkspace.ts';
import { withJudge } from '../engine/judge.ts';
import { ledgerPath } from '../engine/ledger/runSummary.ts';
import { compilerVersion } from '../engine/machine.ts';
import { createCppSyntax } from '../engine/module/cppSyntax.ts';
import { parsePolicies } from '../engine/policy/model/modelSpec.ts';
import { withProcessLock } from '../engine/processLock.ts';
import { previewPrompt } from '../engine/promptPreview.ts';
import { runInputs } from '../engine/runInputs.ts';
import { type ModelRound, offlineRound, onlineRounds } from '../engine/trainer/modelRounds.ts';
import { ownOptions } from '../engine/trainer/ownOptions.ts';
import type { ModelGrpoReport } from '../protocol/grpo.ts';
import { defaultModelSettings } from '../protocol/model.ts';
import { type CommandContext, findWorkspace } from './context.ts';
import type { GrpoOptions } from './grpoOptions.ts';
import { startRewardServer } from './rewards/rewardServer.ts';
import { writeRoundPrompts } from './roundPrompts.ts';
import { table } from './table.ts';

/** Completions that may wait at the reward server: one group of the trainer at a time. */
const mostPending = 64;

/** Rounds of GRPO for a language model: the Python trainer's, with this process measuring. @throws UserError */
export async function grpoOfModel(
  options: GrpoOptions,
  trainerOptions: readonly string[],
  context: CommandContext,
): Promise<ModelGrpoReport> {
  const round: ModelRound = { ...roundOf(options), trainerOptions };
  requireNoPlaybook(options);
  requireTrainersOwn(trainerOptions);
  const root = findWorkspace(options.workspace);
  const onWait = (): never => {
    throw new UserError(
      'grpo-active',
      `a round is writing ${round.out} in another process`,
      'Wait for it, or name another --out.',
    );
  };
  return withProcessLock(roundFolder(round), { onWait }, async () =>
    options.offline === true
      ? offlineRound(ledgerPath(root), options.policyVersion, round, context)
      : online(root, options, round, context),
  );
}

/** Where the trainer keeps what a round has done until it is over. */
function roundFolder({ out }: ModelRound): string {
  return `${resolve(out)}.round`;
}

/** What only language models have. @throws UserError where it was given for the built-in policy. */
export function requireNoModel({ model, adapter, out }: GrpoOptions): void {
  const given = firstGiven({ model, adapter, out });
  if (given === undefined) return;
  throw new UserError(
    'option-of-models',
    `--${given} is for language models, and the policy is playbook`,
    `Leave out --${given}, or name the model with --policy openai:MODEL.`,
  );
}

/** What only the built-in policy has, or only rounds that sample. @throws UserError where it was given. */
function requireNoPlaybook({ groups, budget, promote, offline, module, dataset }: GrpoOptions): void {
  const ofPlaybook = firstGiven({ groups, budget, promote });
  if (ofPlaybook !== undefined) {
    throw new UserError(
      'option-of-playbook',
      `--${ofPlaybook} is for the built-in policy: rounds of a language model are one group each, and \`annsmith_trainer handover\` promotes`,
      `Leave out --${ofPlaybook}.`,
    );
  }
  const ofSampling = firstGiven({ module, dataset: dataset.length > 0 ? dataset : undefined });
  if (offline === true && ofSampling !== undefined) {
    throw new UserError(
      'option-of-sampling',
      `--${ofSampling} says what is measured, and an offline round of a language model measures nothing: it takes every group of --policy-version`,
      `Leave out --${ofSampling}, or leave out --offline.`,
    );
  }
}

/** @throws UserError where an option of the command is said to the trainer behind its back. */
function requireTrainersOwn(options: readonly string[]): void {
  const given = options.map((option) => option.split('=', 1)[0]!).find((name) => ownOptions.has(name));
  if (given === undefined) return;
  throw new UserError(
    'option-twice',
    `${given} stands after \`--\`, and \`annsmith grpo\` says it to the trainer itself`,
    'Leave it out there; what `annsmith grpo --help` lists goes before `--`.',
  );
}

function firstGiven(options: Readonly<Record<string, unknown>>): string | undefined {
  return Object.entries(options).find(([, value]) => value !== undefined)?.[0];
}

function roundOf({
  policy,
  model,
  adapter,
  out,
  seed,
  advantageLimit,
}: GrpoOptions): Omit<ModelRound, 'trainerOptions'> {
  const [spec, another] = parsePolicies(policy);
  if (spec?.kind !== 'openai' || another !== undefined) {
    throw new UserError(
      'no-such-policy',
      `--policy ${policy}: rounds train one policy, playbook or a model that runs here`,
      'Name one: playbook, or openai:MODEL as the ledger has it.',
    );
  }
  if (model === undefined) throw missing('model', "Name the base model's folder: --model FOLDER.");
  if (out === undefined) throw missing('out', "Name the new adapter's folder: --out FOLDER.");
  return { policy, model, adapter, out, seed, advantageLimit };
}

function missing(option: string, fix: string): UserError {
  return new UserError(
    'option-missing',
    `--${option} is missing: weights of a language model are trained`,
    fix,
  );
}

/** Prompts as `annsmith prompt` has them, measured by a reward server that lives as long as the rounds do. */
async function online(
  root: string,
  { module: named, dataset, rounds = 1, group, seed }: GrpoOptions,
  round: ModelRound,
  { services, signal }: CommandContext,
): Promise<ModelGrpoReport> {
  // The trainer would say so too, after everything that is made ready for it.
  if (existsSync(round.out)) {
    throw new UserError('out-exists', `${round.out} exists`, 'Name a new folder with --out.');
  }
  const syntax = await createCppSyntax();
  const input = { services, signal, syntax };
  const inputs = await runInputs({ root, datasets: dataset, heldOut: [] }, input);
  const modules = named ?? defaultModules(inputs.workspace);
  const { workspace, datasets } = inputs;
  const prompts = `${resolve(round.out)}.prompts.jsonl`;
  const build = contrastivePrompt(defaultModelSettings);
  await writeRoundPrompts(
    { file: prompts, round: roundFolder(round), fresh: round.trainerOptions.includes('--fresh') },
    {
      sourceHash: sourceHash(workspace.files, workspace.manifest, await compilerVersion(services.processes)),
      datasets: datasets.map(({ name }) => name),
      modules: [...modules],
      seed,
      manifest: {
        index: workspace.manifest.index,
        search: workspace.manifest.search,
        datasets: workspace.manifest.datasets,
      },
    },
    async (module) =>
      (await previewPrompt({ root, module, dataset: dataset[0], seed, build }, input)).messages,
  );
  const token = randomBytes(32).toString('hex');
  const judging = { services, signal, ...inputs, syntax, modules, aggregate: 'geomean' as const, seed };
  const report = await withJudge(judging, async (judge) => {
    const server = await startRewardServer({ judge, token, port: 0, mostPending, logger: services.logger });
    try {
      const rewards = { url: server.url, token };
      return await onlineRounds({ rewards, prompts, rounds, group }, round, { services, signal });
    } finally {
      await server.close();
    }
  });
  await rm(prompts, { force: true });
  return report;
}

export function modelReportText(report: ModelGrpoReport): string {
  const { version, parent, adapter, groups, meanReward, steps, loss, kl, clipFraction, entropy } = report;
  const text = (value: number | null, digits: number): string => value?.toFixed(digits) ?? '-';
  const row = [
    version,
    parent,
    groups,
    text(meanReward, 3),
    steps,
    text(loss, 4),
    text(kl, 4),
    clipFraction === null ? '-' : `${Math.round(100 * clipFraction)} %`,
    text(entropy, 3),
  ];
  const head = ['adapter', 'from', 'groups', 'mean', 'steps', 'loss', 'KL', 'clipped', 'entropy'];
  return `${table(head, [row])}\nin ${adapter}; hand it to a server with \`annsmith_trainer handover\` (trainer/README.md)`;
}
