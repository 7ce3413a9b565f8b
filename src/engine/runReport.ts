import { join } from 'node:path';
import type { BestReport, CandidateReport, OptimizeReport } from '../protocol/optimize.ts';
import type { Confirmation } from './benchmark/confirm.ts';
import type { ReferenceProfile } from './benchmark/referenceProfile.ts';
import { type Candidate, estimateOf } from './cascade.ts';
import { rewardOf } from './rewardOf.ts';
import type { RunContext } from './runContext.ts';
import type { RunPlan } from './runLog.ts';

/** The winner and its second measurement. */
export interface Best {
  readonly candidate: Candidate;
  readonly confirmation: Confirmation;
}

/** Everything a finished run knows. */
export interface FinishedRun {
  readonly runId: string;
  readonly profile: ReferenceProfile;
  readonly run: RunContext;
  readonly candidates: readonly Candidate[];
  readonly best: Best | undefined;
  readonly applied: boolean;
  readonly folder: string;
  readonly seconds: number;
}

/** The result as it is printed: candidates best first. */
export function runReport(plan: RunPlan, finished: FinishedRun): OptimizeReport {
  const { runId, profile, run, candidates, best, applied, folder, seconds } = finished;
  const ranked = [...candidates].sort((a, b) => rankOf(b) - rankOf(a));
  const confirmed = best?.confirmation.comparison;
  const points =
    confirmed?.reference ??
    profile.points.map(({ ef, recall, secondsPerQuery }) => ({
      ef,
      recall,
      secondsPerQuery,
      qps: 1 / secondsPerQuery,
    }));
  return {
    run: runId,
    module: plan.module,
    dataset: run.dataset.name,
    policy: plan.policy.id,
    seed: plan.seed,
    window: run.workspace.manifest.search.recallWindow,
    reference: { points, costs: run.reference.costs },
    candidates: ranked.map((c): CandidateReport => {
      const estimate = estimateOf(c);
      return {
        id: c.id,
        program: c.completion.text,
        patchHash: c.patchHash,
        verdict: c.verdict ?? { kind: 'cancelled' },
        reward: rewardOf(c)?.shaped ?? null,
        interval: estimate?.logRatio ?? null,
        points: estimate?.candidate ?? [],
        costs: c.costs ?? null,
        patch: c.patch === null ? null : join(folder, `${c.id}.patch`),
      };
    }),
    best: best === undefined ? null : bestReport(best, run, folder),
    speedup: confirmed?.speedupAt ?? [],
    applied,
    seconds,
  };
}

function rankOf(candidate: Candidate): number {
  return (candidate.verdict?.kind === 'accepted' ? 10 : 0) + (rewardOf(candidate)?.shaped ?? -10);
}

function bestReport({ candidate, confirmation }: Best, run: RunContext, folder: string): BestReport {
  const { reference, candidate: own } = confirmation.costs;
  const costs = ({ opened, memory }: typeof own): BestReport['costs']['candidate'] => ({
    buildCpuSeconds: run.reference.costs.buildCpuSeconds,
    prepareCpuSeconds: opened.prepareCpuSeconds,
    memoryBytes: opened.memoryBytes,
    anonymousBytes: memory.anonymousBytes,
    hugePageBytes: memory.hugePageBytes,
  });
  return {
    id: candidate.id,
    program: candidate.completion.text,
    patchHash: candidate.patchHash!,
    patch: join(folder, 'best.patch'),
    gain: confirmation.comparison.logRatio,
    latency: { reference: reference.latency, candidate: own.latency },
    costs: { reference: costs(reference), candidate: costs(own) },
  };
}
