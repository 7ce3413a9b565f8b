import type { ModuleName } from '../protocol/module.ts';
import type { Policy } from '../protocol/policy.ts';
import { type Candidate, estimateOf } from './cascade.ts';
import type { LedgerWriter, NewRecord } from './ledger/ledgerWriter.ts';
import { machineFingerprint } from './machine.ts';
import { groupAdvantages } from './reward/advantage.ts';
import { rewardOf } from './rewardOf.ts';
import type { RunContext } from './runContext.ts';

/** What a run was asked to do, as far as its record goes. */
export interface RunPlan {
  readonly module: ModuleName;
  readonly policy: Policy;
  readonly seed: number;
  readonly group: number;
  readonly rounds: number;
}

/** The record that opens a run. */
export function runRecord(runId: string, plan: RunPlan, run: RunContext): NewRecord {
  const { manifest, root } = run.workspace;
  return {
    type: 'run',
    runId,
    module: plan.module,
    workspace: { name: manifest.name, root, hash: run.sourceHash },
    policy: { id: plan.policy.id, version: plan.policy.version },
    dataset: { name: run.dataset.name, metric: run.dataset.metric, fingerprint: run.dataset.fingerprint },
    machine: { ...machineFingerprint() },
    compiler: { version: run.compiler, flags: manifest.build.flags },
    index: { M: manifest.index.M, efConstruction: manifest.index.efConstruction, seed: manifest.index.seed },
    search: { k: manifest.search.k, window: manifest.search.recallWindow },
    seed: plan.seed,
    group: plan.group,
    rounds: plan.rounds,
  };
}

/** Shares the judgement of an earlier twin, then logs every judgement, the rewards and the advantages of the group. */
export async function logGroup(
  ledger: LedgerWriter,
  runId: string,
  groupId: string,
  group: readonly Candidate[],
  all: readonly Candidate[],
): Promise<void> {
  for (const candidate of group) {
    const twin = candidate.sameAs === undefined ? undefined : all.find((c) => c.id === candidate.sameAs);
    if (twin !== undefined) shareJudgement(candidate, twin);
    const reward = rewardOf(candidate);
    await ledger.append({
      type: 'judgement',
      runId,
      groupId,
      candidateId: candidate.id,
      verdict: candidate.verdict ?? { kind: 'cancelled' },
      reward: reward === undefined ? null : { raw: reward.raw, shaped: reward.shaped },
      comparison: estimateOf(candidate) ?? null,
      costs: candidate.costs ?? null,
      checks: candidate.checks,
      lockdown: candidate.lockdown,
      timings: candidate.timings,
      ...(candidate.sameAs === undefined ? {} : { sameAs: candidate.sameAs }),
    });
  }
  const rewarded = group.flatMap((candidate) => {
    const reward = rewardOf(candidate);
    return reward === undefined ? [] : [{ id: candidate.id, reward }];
  });
  if (rewarded.length === 0) return;
  const { advantages, failureVarianceShare, zeroVariance } = groupAdvantages(rewarded.map((r) => r.reward));
  await ledger.append({
    type: 'group-end',
    runId,
    groupId,
    rewards: Object.fromEntries(rewarded.map(({ id, reward }) => [id, reward.shaped])),
    advantages: zeroVariance ? null : Object.fromEntries(rewarded.map(({ id }, i) => [id, advantages[i]!])),
    failureVarianceShare,
  });
}

function shareJudgement(candidate: Candidate, twin: Candidate): void {
  if (twin.verdict !== undefined) candidate.verdict = twin.verdict;
  if (twin.screened !== undefined) candidate.screened = twin.screened;
  if (twin.resident !== undefined) candidate.resident = twin.resident;
  if (twin.costs !== undefined) candidate.costs = twin.costs;
  candidate.checks = twin.checks;
  candidate.lockdown = twin.lockdown;
}
