import type { Evaluation } from '../protocol/grpo.ts';
import { type LedgerRecord, type RecordOf, recordsOf } from '../protocol/ledger.ts';
import type { ModuleName } from '../protocol/module.ts';
import { mean, standardDeviation } from './statistics.ts';

export interface EvaluationInput {
  readonly records: readonly LedgerRecord[];
  /** Runs whose groups the new version sampled. */
  readonly runs: readonly string[];
  readonly version: string;
  /** What it would replace, on the same modules and datasets. */
  readonly current: string;
  readonly datasets: readonly string[];
}

/**
 * The groups of a new version beside those of the current one. It is not worse unless its mean reward, over modules of
 * equal weight, is lower by more than the standard error of the difference. Undefined where either has no rewards.
 */
export function evaluate({
  records,
  runs,
  version,
  current,
  datasets,
}: EvaluationInput): Evaluation | undefined {
  const onDatasets = new Set(
    recordsOf(records, 'run')
      .filter((run) => sameNames(run, datasets))
      .map(({ runId }) => runId),
  );
  const own = rewardsByModule(records, version, (runId) => runs.includes(runId));
  const other = rewardsByModule(records, current, (runId) => onDatasets.has(runId));
  const modules = [...own.keys()].filter((module) => other.has(module));
  if (modules.length === 0) return undefined;
  const pairs = modules.map((module) => [own.get(module)!, other.get(module)!] as const);
  const meanReward = mean(pairs.map(([rewards]) => mean(rewards)));
  const currentMeanReward = mean(pairs.map(([, rewards]) => mean(rewards)));
  const variance = pairs.flat().reduce((sum, rewards) => sum + varianceOfMean(rewards), 0);
  const standardError = Math.sqrt(variance) / modules.length;
  return {
    runs: [...runs],
    meanReward,
    currentMeanReward,
    standardError,
    candidates: pairs.reduce((sum, [rewards]) => sum + rewards.length, 0),
    notWorse: meanReward >= currentMeanReward - standardError,
  };
}

function sameNames(run: RecordOf<'run'>, names: readonly string[]): boolean {
  const own = run.datasets.filter(({ heldOut }) => !heldOut).map(({ name }) => name);
  return own.length === names.length && own.every((name) => names.includes(name));
}

/** Shaped rewards of a version's candidates, by module. */
function rewardsByModule(
  records: readonly LedgerRecord[],
  version: string,
  inRun: (runId: string) => boolean,
): ReadonlyMap<ModuleName, readonly number[]> {
  const moduleOf = new Map(
    recordsOf(records, 'group')
      .filter(({ runId, policy }) => policy.version === version && inRun(runId))
      .map(({ runId, groupId, module }) => [`${runId}/${groupId}`, module]),
  );
  const rewards = new Map<ModuleName, number[]>();
  for (const { runId, groupId, reward } of recordsOf(records, 'judgement')) {
    const module = moduleOf.get(`${runId}/${groupId}`);
    if (module === undefined || reward === null) continue;
    rewards.set(module, [...(rewards.get(module) ?? []), reward.shaped]);
  }
  return rewards;
}

function varianceOfMean(rewards: readonly number[]): number {
  return rewards.length < 2 ? 0 : standardDeviation(rewards, 1) ** 2 / rewards.length;
}
