import type { PreparedDataset } from '../protocol/dataset.ts';
import type { LedgerRecord } from '../protocol/ledger.ts';
import { windowFor } from '../protocol/manifest.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Aggregate } from '../protocol/optimize.ts';
import type { Policy } from '../protocol/policy.ts';
import type { CodeState } from './codeState.ts';
import type { Journal } from './journal.ts';
import { type Candidate, gainOf, rewardOf, trialRecords } from './judged.ts';
import { machineFingerprint } from './machine.ts';
import { groupAdvantages } from './reward/advantage.ts';

/** What a run was asked to do, as far as its record goes. */
export interface RunPlan {
  readonly modules: readonly [ModuleName, ...ModuleName[]];
  readonly policy: Policy;
  readonly seed: number;
  readonly group: number;
  readonly rounds: number;
  /** The first is the one that the report's headline is of. */
  readonly datasets: readonly [PreparedDataset, ...PreparedDataset[]];
  /** Measured at the end only. */
  readonly heldOut: readonly PreparedDataset[];
  readonly aggregate: Aggregate;
  /** Undefined: as long as it takes. */
  readonly budgetSeconds: number | undefined;
  /** `best` writes the confirmed winner into the workspace. */
  readonly apply: 'best' | 'none';
  /** `groups`: for training. Every group is judged and rewarded, and no winner is looked for. */
  readonly stopAfter?: 'groups';
}

type RunRecord = Extract<LedgerRecord, { type: 'run' }>;

/** The record that opens a run. */
export function runRecord(
  plan: RunPlan,
  { workspace, sourceHash }: Pick<CodeState, 'workspace' | 'sourceHash'>,
  compiler: string,
): Omit<RunRecord, 'v' | 'at' | 'runId'> {
  const { manifest, root } = workspace;
  const describe =
    (heldOut: boolean) =>
    ({ name, metric, fingerprint, n, dim }: PreparedDataset): RunRecord['datasets'][number] => {
      const [low, high] = windowFor(manifest, name);
      return { name, metric, fingerprint, n, dim, window: [low, high], heldOut };
    };
  return {
    type: 'run',
    modules: [...plan.modules],
    workspace: { name: manifest.name, root, hash: sourceHash },
    policy: { id: plan.policy.id, version: plan.policy.version },
    datasets: [...plan.datasets.map(describe(false)), ...plan.heldOut.map(describe(true))],
    aggregate: plan.aggregate,
    machine: { ...machineFingerprint() },
    compiler: { version: compiler, flags: manifest.build.flags },
    index: { M: manifest.index.M, efConstruction: manifest.index.efConstruction, seed: manifest.index.seed },
    k: manifest.search.k,
    limits: { budgets: { ...manifest.budgets }, style: { ...manifest.style } },
    seed: plan.seed,
    group: plan.group,
    rounds: plan.rounds,
    budgetSeconds: plan.budgetSeconds ?? null,
    apply: plan.apply,
    ...(plan.stopAfter === undefined ? {} : { stopAfter: plan.stopAfter }),
  };
}

/** Logs a judgement, once. */
export async function logJudgement(
  journal: Journal,
  groupId: string,
  candidate: Candidate,
  aggregate: Aggregate,
): Promise<void> {
  if (candidate.logged === true) return;
  const reward = rewardOf(candidate, aggregate);
  await journal.append({
    type: 'judgement',
    groupId,
    candidateId: candidate.id,
    verdict: candidate.verdict ?? { kind: 'cancelled' },
    reward: reward === undefined ? null : { raw: reward.raw, shaped: reward.shaped },
    gain: gainOf(candidate, aggregate) ?? null,
    trials: trialRecords(candidate.trials),
    checks: candidate.checks,
    lockdown: candidate.lockdown,
    timings: candidate.timings,
    ...(candidate.sameAs === undefined ? {} : { sameAs: candidate.sameAs }),
  });
  candidate.logged = true;
}

/** Shares the judgement of an earlier twin; logs what is not logged yet, the rewards and the advantages of the group. */
export async function logGroupEnd(
  journal: Journal,
  groupId: string,
  group: readonly Candidate[],
  all: readonly Candidate[],
  aggregate: Aggregate,
): Promise<void> {
  for (const candidate of group) {
    const twin = candidate.sameAs === undefined ? undefined : all.find((c) => c.id === candidate.sameAs);
    if (twin !== undefined && candidate.logged !== true) shareJudgement(candidate, twin);
    await logJudgement(journal, groupId, candidate, aggregate);
  }
  if (journal.groupEnd(groupId) !== undefined) return;
  const rewarded = group.flatMap((candidate) => {
    const reward = rewardOf(candidate, aggregate);
    return reward === undefined ? [] : [{ id: candidate.id, reward }];
  });
  if (rewarded.length === 0) return;
  const { advantages, failureVarianceShare, zeroVariance } = groupAdvantages(rewarded.map((r) => r.reward));
  await journal.append({
    type: 'group-end',
    groupId,
    rewards: Object.fromEntries(rewarded.map(({ id, reward }) => [id, reward.shaped])),
    advantages: zeroVariance ? null : Object.fromEntries(rewarded.map(({ id }, i) => [id, advantages[i]!])),
    failureVarianceShare,
  });
}

function shareJudgement(candidate: Candidate, twin: Candidate): void {
  if (twin.verdict !== undefined) candidate.verdict = twin.verdict;
  candidate.trials = twin.trials;
  candidate.checks = twin.checks;
  candidate.lockdown = twin.lockdown;
}
