import type { Estimate } from '../../protocol/measurement.ts';
import type { PastCandidate } from '../../protocol/policy.ts';
import type { Random } from '../ports.ts';

/** A candidate that can be shown: it was accepted and measured, and its patch fits the code as it stands. */
export interface Exemplar extends PastCandidate {
  readonly patch: string;
  readonly gain: Estimate;
}

/** Candidates of about the same speed. */
export interface Bucket {
  /** floor(gain / width). */
  readonly index: number;
  /** Mean of the members' scores. */
  readonly score: number;
  /** In the order of the evidence. */
  readonly members: readonly Exemplar[];
}

export interface ExemplarOptions {
  /** Exemplars wanted, each from a bucket of its own. */
  readonly count: number;
  /** Of the softmax over bucket scores: near 0 the best buckets alone, large all buckets alike. */
  readonly temperature: number;
  /** Width of a bucket in ln(speed ratio). */
  readonly bucketWidth: number;
}

/** Ratio of the areas under the curves, candidate over reference; the reference has 1. */
export function scoreOf({ value }: Pick<Estimate, 'value'>): number {
  return Math.exp(value);
}

/** The candidates of the evidence that can be shown; slower ones too, for contrast. */
export function showable(past: readonly PastCandidate[]): Exemplar[] {
  return past.filter(
    (candidate): candidate is Exemplar =>
      candidate.verdict.kind === 'accepted' &&
      candidate.patch !== null &&
      candidate.gain !== null &&
      Number.isFinite(candidate.gain.value),
  );
}

/**
 * Performance buckets of fixed width in the logarithm of the score: bucket i holds the gains in [i width, (i+1) width).
 * The width is fixed, rather than the share of candidates as with quantiles, so that two buckets differ by more than the
 * noise of a measurement, and what is slower than the reference never shares a bucket with what is faster. Sorted from
 * slow to fast; empty buckets do not exist.
 */
export function bucketsOf(exemplars: readonly Exemplar[], width: number): Bucket[] {
  const byIndex = new Map<number, Exemplar[]>();
  for (const exemplar of exemplars) {
    const index = Math.floor(exemplar.gain.value / width);
    byIndex.set(index, [...(byIndex.get(index) ?? []), exemplar]);
  }
  return [...byIndex]
    .sort(([a], [b]) => a - b)
    .map(([index, members]) => ({
      index,
      score: members.reduce((sum, { gain }) => sum + scoreOf(gain), 0) / members.length,
      members,
    }));
}

/**
 * Draws exemplars as CRINN does: distinct buckets one after the other, each with probability proportional to
 * exp(score / temperature) among those left; of each bucket one member, all alike. Fewer buckets than `count` give as
 * many exemplars as there are buckets. Sorted from fast to slow.
 */
export function drawExemplars(
  past: readonly PastCandidate[],
  { count, temperature, bucketWidth }: ExemplarOptions,
  random: Random,
): Exemplar[] {
  const left = bucketsOf(showable(past), bucketWidth);
  const drawn: Exemplar[] = [];
  while (drawn.length < count && left.length > 0) {
    const best = Math.max(...left.map(({ score }) => score));
    const weights = left.map(({ score }) => Math.exp((score - best) / temperature));
    const [bucket] = left.splice(weightedIndex(weights, random.next()), 1);
    const { members } = bucket!;
    drawn.push(members[Math.floor(random.next() * members.length)]!);
  }
  return drawn.sort((a, b) => b.gain.value - a.gain.value);
}

/** The index whose share of the total weight holds `at`, in [0, 1). */
function weightedIndex(weights: readonly number[], at: number): number {
  let rest = at * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return i;
  }
  return weights.length - 1;
}
