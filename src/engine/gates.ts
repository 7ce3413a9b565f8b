import type { BuildCosts } from '../protocol/costs.ts';
import type { Manifest } from '../protocol/manifest.ts';
import type { Verdict } from '../protocol/verdict.ts';
import type { Outcome } from './benchmark/measurementContext.ts';
import { failureVerdict, rejected } from './rejection.ts';

type Gated = Pick<BuildCosts, 'buildCpuSeconds' | 'prepareCpuSeconds' | 'anonymousBytes'>;

/** CPU time of build and prepare over the reference's. */
export function buildFactor(costs: Gated, reference: Gated): number {
  return (
    (costs.buildCpuSeconds + costs.prepareCpuSeconds) /
    (reference.buildCpuSeconds + reference.prepareCpuSeconds)
  );
}

/** Why a candidate takes too long to build, or too much memory. */
export function overBudget(
  { buildCpuFactor, memoryFactor }: Manifest['budgets'],
  costs: Gated,
  reference: Gated,
): Verdict | undefined {
  const build = buildFactor(costs, reference);
  if (build > buildCpuFactor) {
    return rejected(
      'build-cost',
      'build-cost',
      `build and prepare take ${build.toFixed(2)}x the reference's CPU time, allowed is ${buildCpuFactor}x`,
    );
  }
  const memory = costs.anonymousBytes / reference.anonymousBytes;
  return memory > memoryFactor
    ? rejected(
        'build-cost',
        'memory-cost',
        `memory is ${memory.toFixed(2)}x the reference's, allowed is ${memoryFactor}x`,
      )
    : undefined;
}

/** The verdict of a measurement that gave no value. */
export function unmeasured(outcome: Exclude<Outcome<never>, { kind: 'measured' }>, check: string): Verdict {
  switch (outcome.kind) {
    case 'failed':
      return failureVerdict(outcome.failure, check);
    case 'rejected':
      return rejected(
        outcome.reason,
        outcome.reason === 'recall' ? 'recall' : 'answers-valid',
        outcome.detail,
      );
    case 'window':
      return { kind: 'failed', error: outcome.detail };
    case 'cancelled':
      return { kind: 'cancelled' };
  }
}
