import { join } from 'node:path';
import { usageOf } from '../protocol/model.ts';
import type { BestReport, CandidateReport, OptimizeReport } from '../protocol/optimize.ts';
import type { Baseline } from './baseline.ts';
import { type Candidate, estimateOf, gainOf, rewardOf, trialRecords } from './judged.ts';
import type { ModuleResult } from './moduleRun.ts';
import type { RunPlan } from './runLog.ts';
import type { Total } from './total.ts';

/** Everything a finished run knows. */
export interface FinishedRun {
  readonly plan: RunPlan;
  readonly runId: string;
  readonly original: readonly Baseline[];
  readonly results: readonly ModuleResult[];
  readonly total: Total | undefined;
  readonly applied: boolean;
  readonly folder: string;
}

/** The result as it is printed: candidates by module, best first. */
export function runReport(finished: FinishedRun): Omit<OptimizeReport, 'seconds'> {
  const { plan, runId, original, results, total, applied, folder } = finished;
  const headline = original[0]!;
  const first = total?.trials[0];
  const answers = results.flatMap(({ candidates }) =>
    candidates.flatMap(({ completion }) => completion.answer ?? []),
  );
  return {
    run: runId,
    modules: results.map(({ report }) => report),
    dataset: headline.dataset.name,
    datasets: plan.datasets.map(({ name }) => name),
    heldOut: plan.heldOut.map(({ name }) => name),
    aggregate: plan.aggregate,
    policy: plan.policy.id,
    usage: answers.length === 0 ? null : usageOf(answers),
    seed: plan.seed,
    window: headline.window,
    reference: { points: referencePoints(headline, total), costs: headline.costs },
    candidates: results.flatMap((result) => rankedCandidates(finished, result)),
    best: total === undefined ? null : bestReport(results, total, folder),
    speedup: first?.comparison.speedupAt ?? [],
    applied,
  };
}

function referencePoints(
  { profile }: Baseline,
  total: Total | undefined,
): OptimizeReport['reference']['points'] {
  return (
    total?.trials[0]?.comparison.reference ??
    profile.points.map(({ ef, recall, secondsPerQuery }) => ({
      ef,
      recall,
      secondsPerQuery,
      qps: 1 / secondsPerQuery,
    }))
  );
}

function rankedCandidates(
  { plan, folder }: FinishedRun,
  { candidates, report }: ModuleResult,
): CandidateReport[] {
  const rank = (c: Candidate): number =>
    (c.verdict?.kind === 'accepted' ? 10 : 0) + (rewardOf(c, plan.aggregate)?.shaped ?? -10);
  return [...candidates]
    .sort((a, b) => rank(b) - rank(a))
    .map((c): CandidateReport => {
      const last = c.trials.findLast((trial) => trial.dataset === plan.datasets[0].name);
      return {
        id: c.id,
        module: report.module,
        program: c.completion.text,
        policy: c.policyId ?? plan.policy.id,
        patchHash: c.patchHash,
        verdict: c.verdict ?? { kind: 'cancelled' },
        reward: rewardOf(c, plan.aggregate)?.shaped ?? null,
        interval: gainOf(c, plan.aggregate) ?? null,
        points: (last === undefined ? undefined : estimateOf(last)?.candidate) ?? [],
        costs: last?.costs ?? null,
        trials: trialRecords(c.trials).map((trial) => ({
          ...trial,
          // The samples are in the ledger; printed, they would bury everything else.
          comparison: trial.comparison === null ? null : { ...trial.comparison, samples: [] },
        })),
        patch: c.patch === null ? null : join(folder, `${c.id}.patch`),
      };
    });
}

function bestReport(results: readonly ModuleResult[], total: Total, folder: string): BestReport {
  return {
    ids: results.flatMap(({ winner }) => (winner === undefined ? [] : [winner.id])),
    patch: join(folder, 'best.patch'),
    patchHash: total.patchHash,
    gain: total.gain,
    trials: total.trials.map((trial) => ({ ...trial, comparison: { ...trial.comparison, samples: [] } })),
  };
}
