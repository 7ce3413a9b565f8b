import type { Evaluation } from '../protocol/grpo.ts';
import { type LedgerRecord, recordsOf } from '../protocol/ledger.ts';
import type { ModuleName } from '../protocol/module.ts';
import { settingKey } from './measuringSetting.ts';
import { mean, standardDeviation } from './statistics.ts';

export interface EvaluationInput {
  readonly records: readonly LedgerRecord[];
  /** Runs whose groups the new version sampled. */
  readonly runs: readonly string[];
  readonly version: string;
  /** What it would replace. */
  readonly current: string;
}

/**
 * The groups of a new version beside those of the current one, module by module, on the same code and measured alike. It
 * is not worse unless its mean reward, over modules of equal weight, is lower by more than the standard error of the difference.
 * Undefined where there is nothing to compare: `whyNotCompared` says why.
 */
export function evaluate(input: EvaluationInput): Evaluation | undefined {
  const { own, other } = rewardsOfBoth(input);
  const shared = [...own.keys()].filter((code) => other.has(code));
  if (shared.length === 0) return undefined;
  const pairs = shared.map((code) => [own.get(code)!, other.get(code)!] as const);
  const meanReward = mean(pairs.map(([rewards]) => mean(rewards)));
  const currentMeanReward = mean(pairs.map(([, rewards]) => mean(rewards)));
  const variance = pairs.flat().reduce((sum, rewards) => sum + varianceOfMean(rewards), 0);
  const standardError = Math.sqrt(variance) / shared.length;
  return {
    runs: [...input.runs],
    meanReward,
    currentMeanReward,
    standardError,
    candidates: pairs.reduce((sum, [rewards]) => sum + rewards.length, 0),
    notWorse: meanReward >= currentMeanReward - standardError,
  };
}

/** What came of a comparison, in words. */
export function verdictText({ meanReward, currentMeanReward, standardError, notWorse }: Evaluation): string {
  const numbers = `mean reward ${meanReward.toFixed(3)} against ${currentMeanReward.toFixed(3)} of the version before, standard error ${standardError.toFixed(3)}`;
  return notWorse ? `not worse: ${numbers}` : `worse by more than the noise: ${numbers}`;
}

/** Modules in which the new version has rewards, and the current one none on the same code and measured alike. */
export function uncompared(input: EvaluationInput): ModuleName[] {
  const { own, other } = rewardsOfBoth(input);
  return [...own.keys()].filter((code) => !other.has(code)).map((code) => code.split('/')[0] as ModuleName);
}

/** Why `evaluate` finds nothing to compare, in words. */
export function whyNotCompared(input: EvaluationInput): string {
  const whose = rewardsOfBoth(input).own.size === 0 ? 'its groups' : 'the groups of the version before';
  return `${whose} have no rewards to compare`;
}

type Rewards = ReadonlyMap<string, readonly number[]>;

/** Rewards of the new version in the evaluation's runs, and of the current one wherever it was measured in the same setting. */
function rewardsOfBoth({ records, runs, version, current }: EvaluationInput): {
  readonly own: Rewards;
  readonly other: Rewards;
} {
  const keyOf = new Map(recordsOf(records, 'run').map((run) => [run.runId, settingKey(run)]));
  const keys = new Set(runs.flatMap((runId) => keyOf.get(runId) ?? []));
  return {
    own: rewardsByCode(records, version, (runId) => runs.includes(runId)),
    other: rewardsByCode(records, current, (runId) => keys.has(keyOf.get(runId) ?? '')),
  };
}

/** Shaped rewards of a version's candidates, by `MODULE/HASH`: what was to be made faster, and the code it was then. */
function rewardsByCode(
  records: readonly LedgerRecord[],
  version: string,
  inRun: (runId: string) => boolean,
): Rewards {
  const codeOf = new Map(
    recordsOf(records, 'group')
      .filter(({ runId, policy }) => policy.version === version && inRun(runId))
      .map(({ runId, groupId, module, baseHash }) => [`${runId}/${groupId}`, `${module}/${baseHash}`]),
  );
  const rewards = new Map<string, number[]>();
  for (const { runId, groupId, reward } of recordsOf(records, 'judgement')) {
    const code = codeOf.get(`${runId}/${groupId}`);
    if (code === undefined || reward === null) continue;
    rewards.set(code, [...(rewards.get(code) ?? []), reward.shaped]);
  }
  return rewards;
}

function varianceOfMean(rewards: readonly number[]): number {
  return rewards.length < 2 ? 0 : standardDeviation(rewards, 1) ** 2 / rewards.length;
}
