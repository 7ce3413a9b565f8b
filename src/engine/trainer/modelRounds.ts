import { resolve } from 'node:path';
import type { ModelGrpoReport } from '../../protocol/grpo.ts';
import { runTrainer, type TrainerContext, type TrainerOutcome } from './trainerProcess.ts';

/** What every round of a language model is told; folders are resolved from here. */
export interface ModelRound {
  /** As the ledger names it, e.g. `openai:qwen-coder`. */
  readonly policy: string;
  /** Folder of the base model. */
  readonly model: string;
  /** Folder of the adapter that samples now; undefined for the base model alone. */
  readonly adapter: string | undefined;
  /** Folder for the new adapter, which must not exist. */
  readonly out: string;
  readonly seed: number;
  readonly advantageLimit: number | undefined;
  /** Of the trainer's own, e.g. `--micro-batch 2`; the last of two counts. */
  readonly trainerOptions: readonly string[];
}

/** One update from the groups that a ledger file has of this policy and version. @throws UserError */
export async function offlineRound(
  ledger: string,
  version: string,
  round: ModelRound,
  context: TrainerContext,
): Promise<ModelGrpoReport> {
  const outcome = await runTrainer(
    [
      'offline',
      ...['--ledger', ledger, '--policy', round.policy, '--policy-version', version],
      ...commonOptions(round),
    ],
    context,
  );
  return reportOf(round, 'offline', outcome);
}

/** Where completions are measured, and what the model is asked. */
export interface OnlineInput {
  readonly rewards: { readonly url: string; readonly token: string };
  /** A file of JSON Lines, `{ module, messages }`. */
  readonly prompts: string;
  readonly rounds: number;
  readonly group: number;
}

/** Rounds that sample anew, each group measured by a reward server of ours. @throws UserError */
export async function onlineRounds(
  { rewards, prompts, rounds, group }: OnlineInput,
  round: ModelRound,
  context: TrainerContext,
): Promise<ModelGrpoReport> {
  const outcome = await runTrainer(
    [
      'online',
      ...['--prompts', prompts, '--rewards', rewards.url],
      ...['--rounds', String(rounds), '--group', String(group)],
      ...commonOptions(round),
    ],
    context,
    { ANNSMITH_REWARD_TOKEN: rewards.token },
  );
  return reportOf(round, 'online', outcome);
}

function commonOptions({ model, adapter, out, seed, advantageLimit, trainerOptions }: ModelRound): string[] {
  return [
    ...['--model', resolve(model), '--out', resolve(out), '--seed', String(seed)],
    ...(adapter === undefined ? [] : ['--adapter', resolve(adapter)]),
    ...(advantageLimit === undefined ? [] : ['--advantage-limit', String(advantageLimit)]),
    ...trainerOptions,
  ];
}

function reportOf(
  { policy }: ModelRound,
  mode: ModelGrpoReport['mode'],
  { start, saved, steps, groups }: TrainerOutcome,
): ModelGrpoReport {
  const rewards = groups.flatMap(({ mean_reward: reward }) => reward ?? []);
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const skipped: Record<string, number> = { ...start?.skipped };
  for (const { skipped: reason } of groups) {
    if (reason) skipped[reason] = (skipped[reason] ?? 0) + 1;
  }
  const last = steps.at(-1);
  return {
    policy,
    mode,
    version: saved.version,
    parent: saved.parent,
    adapter: saved.path,
    groups: start?.groups ?? groups.filter(({ skipped: reason }) => !reason).length,
    skipped,
    meanReward: start?.mean_reward ?? (rewards.length === 0 ? null : mean),
    steps: steps.length,
    loss: last?.loss ?? null,
    kl: last?.kl ?? null,
    clipFraction: last?.clip_fraction ?? null,
    entropy: last?.entropy ?? null,
  };
}
