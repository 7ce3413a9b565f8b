import { availableParallelism } from 'node:os';
import type { BuildCosts } from '../protocol/costs.ts';
import type { Side } from '../protocol/harness.ts';
import type { FinalTrial } from '../protocol/ledger.ts';
import type { Estimate } from '../protocol/measurement.ts';
import { aggregateGains } from './aggregateGains.ts';
import { type Baseline, measurementContext, referenceSide } from './baseline.ts';
import { screen } from './benchmark/compare.ts';
import { type Confirmation, confirm, type SideCosts } from './benchmark/confirm.ts';
import type { SideProfile } from './benchmark/referenceProfile.ts';
import { buildsGraphs, type CascadeContext, compareInput } from './cascadeContext.ts';
import { applyAndCompile, buildOn, screenShare } from './cascadeStages.ts';
import { type Candidate, gainOf, trialOn } from './judged.ts';
import type { RunContext } from './runContext.ts';

/** A claim that was measured again. */
export interface Confirmed {
  readonly confirmed: boolean;
  readonly gain: Estimate;
  readonly trials: readonly FinalTrial[];
}

export interface ClaimOnDataset {
  readonly baseline: Baseline;
  readonly candidate: Side;
  /** Of an earlier measurement; absent: taken first. */
  readonly profile: SideProfile | undefined;
  readonly buildCpuSeconds: number;
  readonly claim: Estimate;
  readonly heldOut: boolean;
  readonly seed: number;
}

/** 2, 4, 8 ... processes, up to what the machine runs at once. */
function throughputThreads(): number[] {
  const cores = availableParallelism();
  return [2, 4, 8, 16, 32, 64].filter((threads) => threads <= cores);
}

/**
 * One claim on one dataset, measured again with fresh processes, a fresh seed and held-out queries. Undefined when it
 * could not be measured; why is in the log.
 */
export async function confirmOn(run: RunContext, claim: ClaimOnDataset): Promise<FinalTrial | undefined> {
  const { baseline, heldOut } = claim;
  const { services, signal } = run;
  const { budgets } = baseline.state.workspace.manifest;
  const input = {
    ...measurementContext(run, baseline, claim.seed),
    reference: await referenceSide(run, baseline),
    candidate: claim.candidate,
    profile: baseline.profile,
    budgetSeconds: budgets.candidateSeconds,
    recallTolerance: budgets.recallTolerance,
  };
  let { profile } = claim;
  if (profile === undefined) {
    const screened = await screen({ ...input, budgetSeconds: screenShare * budgets.candidateSeconds });
    signal.throwIfAborted();
    if (screened.kind === 'measured') profile = screened.value.candidate;
    else return unconfirmed(run, baseline, screened);
  }
  const outcome = await confirm({
    ...input,
    candidateProfile: profile,
    claim: claim.claim,
    throughputThreads: throughputThreads(),
  });
  signal.throwIfAborted();
  if (outcome.kind !== 'measured') return unconfirmed(run, baseline, outcome);
  const { comparison, costs } = outcome.value;
  services.logger.debug(`${baseline.dataset.name}: ${JSON.stringify(comparison.logRatio)}`);
  return {
    dataset: baseline.dataset.name,
    heldOut,
    comparison: structuredClone(comparison) as FinalTrial['comparison'],
    costs: {
      reference: buildCosts(costs.reference, baseline.costs.buildCpuSeconds),
      candidate: buildCosts(costs.candidate, claim.buildCpuSeconds),
    },
    latency: { reference: costs.reference.latency, candidate: costs.candidate.latency },
    throughput: throughputOf(outcome.value),
  };
}

function unconfirmed({ services }: RunContext, { dataset }: Baseline, outcome: unknown): undefined {
  services.logger.warn(`${dataset.name}: could not be confirmed: ${JSON.stringify(outcome)}`);
  return undefined;
}

function throughputOf({ costs: { reference, candidate } }: Confirmation): FinalTrial['throughput'] {
  return reference.throughput.map(({ threads, qps }, i) => ({
    threads,
    reference: { ef: reference.latency.ef, qps },
    candidate: { ef: candidate.latency.ef, qps: candidate.throughput[i]!.qps },
  }));
}

function buildCosts({ opened, memory }: SideCosts, buildCpuSeconds: number): BuildCosts {
  return {
    buildCpuSeconds,
    prepareCpuSeconds: opened.prepareCpuSeconds,
    memoryBytes: opened.memoryBytes,
    anonymousBytes: memory.anonymousBytes,
    hugePageBytes: memory.hugePageBytes,
  };
}

/** One claim from those on several datasets. */
export function confirmedFrom(
  trials: readonly FinalTrial[],
  claim: Estimate,
  aggregate: CascadeContext['aggregate'],
): Confirmed {
  const judged = trials.filter((trial) => !trial.heldOut);
  const gain = aggregateGains(
    judged.map((trial) => trial.comparison.logRatio),
    aggregate,
  );
  return { confirmed: claim.value > 0 ? gain.low > 0 : gain.high < 0, gain, trials };
}

/** Measures an accepted candidate again on the whole datasets. Undefined when it could not be measured. */
export async function confirmCandidate(
  context: CascadeContext,
  candidate: Candidate,
): Promise<Confirmed | undefined> {
  const { run, aggregate, seed } = context;
  if (!(await revive(context, candidate))) return undefined;
  const claim = gainOf(candidate, aggregate)!;
  const trials: FinalTrial[] = [];
  for (const baseline of context.whole) {
    const { name, n } = baseline.dataset;
    const trial = trialOn(candidate, name, n);
    const input = await compareInput(context, candidate, baseline, trial, 1);
    const buildCpuSeconds = trial.costs?.buildCpuSeconds ?? baseline.costs.buildCpuSeconds;
    const measured = await confirmOn(run, {
      baseline,
      candidate: input.candidate,
      profile: trial.profile,
      buildCpuSeconds,
      claim,
      heldOut: false,
      seed: seed + 1,
    });
    if (measured === undefined) return undefined;
    trials.push(measured);
  }
  return confirmedFrom(trials, claim, aggregate);
}

/** Library and graphs of a candidate that was judged before the run was cut off. */
export async function revive(context: CascadeContext, candidate: Candidate): Promise<boolean> {
  // What it is asked for again was accepted before; a verdict now says that it no longer can be made.
  const again: Candidate = { ...candidate, checks: [] };
  delete again.verdict;
  if (again.library === undefined) await applyAndCompile(context, again);
  for (const baseline of buildsGraphs(context) ? context.whole : []) {
    const { name, n } = baseline.dataset;
    if (again.verdict === undefined && trialOn(again, name, n).graph === undefined) {
      await buildOn(context, again, baseline);
    }
  }
  if (again.library !== undefined) candidate.library = again.library;
  if (again.verdict === undefined) return true;
  context.run.services.logger.warn(`candidate ${candidate.id}: ${JSON.stringify(again.verdict)}`);
  return false;
}
