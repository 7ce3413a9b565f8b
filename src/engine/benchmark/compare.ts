import type { Side } from '../../protocol/harness.ts';
import type { BothSides, Comparison, EstimateMode } from '../../protocol/measurement.ts';
import { areaUnderCurve } from '../curve.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { seededRandom } from '../random.ts';
import { defaultProcessEffect } from './bootstrap.ts';
import { buildComparison, speedupRecalls } from './comparison.ts';
import { LiveRounds } from './liveRounds.ts';
import {
  EarlyOutcome,
  type MeasurementContext,
  type Outcome,
  openFirstPair,
  runMeasurement,
} from './measurementContext.ts';
import { pairEfs } from './plan.ts';
import type { ReferenceProfile, SideProfile } from './referenceProfile.ts';
import { findResidentChunk, residentLead } from './residentChunk.ts';
import type { EfPair, RecallPoint } from './roundSample.ts';
import { decideSequentially, equivalenceRange } from './sequential.ts';
import { RecallSweep } from './sweep.ts';

export interface CompareInput extends MeasurementContext {
  readonly reference: Side;
  readonly candidate: Side;
  readonly profile: ReferenceProfile;
  /** Of an earlier measurement of this candidate; saves its recall sweep and chunk search. */
  readonly candidateProfile?: SideProfile | undefined;
  /** Wall-clock budget, from the moment the lock is held. The first pass over all ef pairs always ends. */
  readonly budgetSeconds: number;
  /** Recall the candidate may lose at the reference's largest ef (0.005: half a per cent). */
  readonly recallTolerance: number;
}

export interface Compared {
  readonly comparison: Comparison;
  readonly candidate: SideProfile;
}

interface Protocol {
  readonly mode: EstimateMode;
  readonly looks: number;
  readonly processPairs: number;
}

/** One look after each exchange of two process pairs. */
const screening: Protocol = { mode: 'paired', looks: 1, processPairs: 2 };
const resident: Protocol = { mode: 'resident', looks: 2, processPairs: 4 };
/** Short enough that a drift hits both sides alike, long enough that the hand-over costs nothing. */
export const pairedChunk = 400;
export const pairedLead = 80;
export const bootstrapReplicates = 300;

/** Paired estimate: cheap and precise, slightly unfair to compact indexes. For deciding who is clearly worse. */
export function screen(input: CompareInput): Promise<Outcome<Compared>> {
  return compare(input, screening);
}

/** Resident estimate: each side alone in chunks long enough to be at home in the cache. The reward's source. */
export async function measureResident(
  input: CompareInput,
  screened?: Comparison,
): Promise<Outcome<Compared>> {
  const outcome = await compare(input, resident);
  if (outcome.kind !== 'measured' || screened === undefined) return outcome;
  const { comparison, candidate } = outcome.value;
  return {
    kind: 'measured',
    value: { comparison: { ...comparison, paired: screened.logRatio }, candidate },
  };
}

function compare(input: CompareInput, protocol: Protocol): Promise<Outcome<Compared>> {
  return runMeasurement(input, async (client) => {
    const started = input.clock.monotonic();
    const sides = { reference: input.reference, candidate: input.candidate };
    const opened = await openFirstPair(client, sides);
    input.onProgress?.({ stage: protocol.mode, message: 'Recall of the candidate' });
    const sweep = new RecallSweep(client, 'b', input.k, input.profile.pool, answerTimeoutMs(input.profile));
    const points = await candidatePoints(input, sweep);
    const efPairs = pairEfs(input.profile.points, points);
    const secondsPerQuery = pairSeconds(input.profile.points, points);

    const residentChunk =
      protocol.mode === 'resident' ? await residentChunkOf(input, client, efPairs) : undefined;
    const chunk = residentChunk ?? pairedChunk;
    const lead = residentChunk === undefined ? pairedLead : residentLead(residentChunk);
    input.onProgress?.({ stage: protocol.mode, message: 'Timing rounds' });
    const rounds = new LiveRounds(input, client, {
      sides,
      efPairs,
      secondsPerQuery,
      chunk,
      lead,
      rows: input.dataset.optimizeRows,
      looks: protocol.looks,
      processPairs: protocol.processPairs,
      deadline: started + input.budgetSeconds * 1000,
      seed: `${input.seed} ${protocol.mode}`,
    });
    const decision = await decideSequentially(rounds, {
      recallReference: input.profile.points,
      recallCandidate: points,
      k: input.k,
      window: input.profile.window,
      speedupAt: speedupRecalls(input.profile.window),
      processEffect: input.processEffect ?? defaultProcessEffect,
      replicates: bootstrapReplicates,
      random: seededRandom(input.seed, `bootstrap ${protocol.mode}`),
      looks: protocol.looks,
      equivalence: equivalenceRange,
    });
    const comparison = buildComparison({
      mode: protocol.mode,
      decision,
      window: input.profile.window,
      recallReference: input.profile.points,
      recallCandidate: points,
      recallAtLargestEf: await largestEf(input.profile.points, sweep),
      processPairs: rounds.processPairs,
      facts: rounds.facts,
      seconds: (input.clock.monotonic() - started) / 1000,
    });
    const candidate = { pool: input.profile.pool, points, residentChunk, opened: opened.candidate };
    return { comparison, candidate };
  });
}

/** The candidate's recall points, or an early outcome where its recall is not good enough to be compared. */
async function candidatePoints(input: CompareInput, sweep: RecallSweep): Promise<readonly RecallPoint[]> {
  const { profile, recallTolerance } = input;
  const { ef, reference, candidate } = await largestEf(profile.points, sweep);
  if (candidate < reference - recallTolerance) {
    const detail =
      `recall ${candidate.toFixed(4)} at ef ${ef}, the reference has ${reference.toFixed(4)}; ` +
      `at most ${recallTolerance} may be lost`;
    throw new EarlyOutcome({ kind: 'rejected', reason: 'recall', detail });
  }
  const guess = profile.points.map((point) => point.ef);
  const points =
    input.candidateProfile === undefined
      ? await sweep.curve(profile.ef, profile.window, guess)
      : input.candidateProfile.points;
  const rough = points.map(({ recall, secondsPerQuery }) => ({ recall, secondsPerQuery }));
  if (areaUnderCurve(rough, profile.window) === 0) {
    const highest = Math.max(...points.map((point) => point.recall));
    const detail = `the highest recall, ${highest.toFixed(4)}, is below the window [${profile.window.join(', ')}]`;
    throw new EarlyOutcome({ kind: 'rejected', reason: 'recall', detail });
  }
  return points;
}

async function largestEf(
  reference: readonly RecallPoint[],
  sweep: RecallSweep,
): Promise<BothSides<number> & { readonly ef: number }> {
  const top = reference[reference.length - 1]!;
  return { ef: top.ef, reference: top.recall, candidate: (await sweep.at(top.ef)).recall };
}

/** A candidate twenty times slower than the reference at the same ef is past its time. */
export function answerTimeoutMs(profile: ReferenceProfile): (ef: number) => number {
  const slowest = Math.max(...profile.points.map((point) => point.secondsPerQuery / point.ef));
  return (ef) => 10_000 + 20_000 * slowest * ef * profile.pool.count;
}

export function pairSeconds(
  reference: readonly RecallPoint[],
  candidate: readonly RecallPoint[],
): (pair: EfPair) => number {
  const at = (points: readonly RecallPoint[], ef: number): number =>
    points.find((point) => point.ef === ef)?.secondsPerQuery ?? Number.NaN;
  return (pair) => at(reference, pair.efReference) + at(candidate, pair.efCandidate);
}

/** Long enough for both sides. The candidate's own is searched once, in the fast third, where refilling weighs most. */
async function residentChunkOf(
  input: CompareInput,
  client: HarnessClient,
  efPairs: readonly EfPair[],
): Promise<number> {
  const own =
    input.candidateProfile?.residentChunk ??
    (await findResidentChunk(
      {
        client,
        k: input.k,
        efs: efPairs[Math.floor(efPairs.length / 3)]!,
        rows: input.dataset.optimizeRows,
        seed: input.seed,
        timeoutMs: 120_000,
      },
      'b',
    ));
  return Math.max(own, input.profile.residentChunk);
}
