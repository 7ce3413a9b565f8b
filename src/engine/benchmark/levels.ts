import { median, robustScale } from '../statistics.ts';
import { exchangeOf } from './measurementContext.ts';
import type { EfPair, RoundSample } from './roundSample.ts';

/** Observations as log times, flattened so that the bootstrap can refit thousands of times. */
export interface Observations {
  /** Distinct ef pairs. */
  readonly strata: readonly EfPair[];
  readonly efsReference: readonly number[];
  readonly efsCandidate: readonly number[];
  /** Observations, grouped by round: round i holds [roundStart[i], roundStart[i + 1]). */
  readonly stratumOf: Int32Array;
  readonly roundStart: Int32Array;
  /** Exchange of each round. */
  readonly exchangeOf: Int32Array;
  /** log candidate - log reference, and the mean of the two: the drift shows in the second only. */
  readonly difference: Float64Array;
  readonly average: Float64Array;
}

/** Log seconds per query at each ef, in the order of `efsReference` and `efsCandidate`. */
export interface Levels {
  readonly reference: Float64Array;
  readonly candidate: Float64Array;
}

/** A chunk pair, or the mean of some: log candidate - log reference, and the mean of the two. */
interface Observation {
  readonly difference: number;
  readonly average: number;
}

/** Rounds of at least this many chunk pairs are taken by turns (AB and BA), where what the order does cancels. */
const pairsForTurns = 4;

function observationsOf(round: RoundSample): readonly Observation[] {
  const single = round.pairs.map(({ secondsReference, secondsCandidate }) => {
    const [reference, candidate] = [Math.log(secondsReference), Math.log(secondsCandidate)];
    return { difference: candidate - reference, average: (candidate + reference) / 2 };
  });
  if (single.length < pairsForTurns) return single;
  return Array.from({ length: single.length >> 1 }, (_, i) => meanOf(single[2 * i]!, single[2 * i + 1]!));
}

function meanOf(a: Observation, b: Observation): Observation {
  return { difference: (a.difference + b.difference) / 2, average: (a.average + b.average) / 2 };
}

/** The rounds of one ef pair in the two loads of one exchange, in the order they ran. */
interface ExchangedRounds {
  readonly stratum: number;
  readonly exchange: number;
  readonly loads: readonly [Observation[][], Observation[][]];
}

/**
 * Rounds as observations. The n-th round of an ef pair in the first load of an exchange is averaged, turn by turn, with
 * the n-th in the second, where each side has the other's memory. What has no partner stands for itself.
 */
export function observe(rounds: readonly RoundSample[]): Observations {
  const strata: EfPair[] = [];
  const groups = new Map<string, ExchangedRounds>();
  for (const round of rounds) {
    const { efReference, efCandidate, processPair } = round;
    let stratum = strata.findIndex((s) => s.efReference === efReference && s.efCandidate === efCandidate);
    if (stratum < 0) stratum = strata.push({ efReference, efCandidate }) - 1;
    const exchange = exchangeOf(processPair);
    const key = `${stratum}/${exchange}`;
    const group = groups.get(key) ?? { stratum, exchange, loads: [[], []] };
    groups.set(key, group);
    group.loads[processPair % 2 === 0 ? 0 : 1].push([...observationsOf(round)]);
  }
  const merged = [...groups.values()].flatMap(({ stratum, exchange, loads: [first, second] }) =>
    Array.from({ length: Math.max(first.length, second.length) }, (_, n) => {
      const [one, other] = [first[n] ?? second[n]!, second[n] ?? first[n]!];
      const length = Math.min(one.length, other.length);
      return { stratum, exchange, items: one.slice(0, length).map((item, i) => meanOf(item, other[i]!)) };
    }),
  );
  const items = merged.flatMap((round) => round.items);
  const roundStart = new Int32Array(merged.length + 1);
  merged.forEach((round, i) => {
    roundStart[i + 1] = roundStart[i]! + round.items.length;
  });
  const ascending = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);
  return {
    strata,
    efsReference: ascending(strata.map((pair) => pair.efReference)),
    efsCandidate: ascending(strata.map((pair) => pair.efCandidate)),
    stratumOf: Int32Array.from(merged.flatMap((round) => round.items.map(() => round.stratum))),
    roundStart,
    exchangeOf: Int32Array.from(merged, (round) => round.exchange),
    difference: Float64Array.from(items, (item) => item.difference),
    average: Float64Array.from(items, (item) => item.average),
  };
}

/**
 * The common drift shifts the average of a chunk pair and leaves its difference alone, so averages say little about
 * how two ef values compare: a drift of some 5 % against chunk noise of some 0.5 % gives this relative weight.
 */
const averageWeight = 0.01;
/** Huber's constant: 95 % efficiency under normal noise (Huber 1964). */
const huberBound = 1.345;
const iterations = 4;

/**
 * Fits log t(side, ef, chunk) = level(side, ef) + drift(chunk), drift of mean 0, by Huber-weighted least squares.
 * Chunk pairs of half-speed phases or stolen time lose their weight. Built once per data set, then refitted with
 * bootstrap weights; not safe for concurrent use, since it reuses its buffers.
 */
export class LevelFit {
  readonly observations: Observations;
  readonly #reference: Int32Array;
  readonly #candidate: Int32Array;
  readonly #differenceScale: number;
  readonly #averageScale: number;
  readonly #differenceCentre: Float64Array;
  readonly #averageCentre: Float64Array;
  readonly #ones: Float64Array;

  constructor(observations: Observations) {
    this.observations = observations;
    const { strata, efsReference, efsCandidate, stratumOf, difference, average } = observations;
    if (stratumOf.length === 0) throw new RangeError('no chunk pairs to fit');
    this.#reference = Int32Array.from(strata, (pair) => efsReference.indexOf(pair.efReference));
    this.#candidate = Int32Array.from(
      strata,
      (pair) => efsReference.length + efsCandidate.indexOf(pair.efCandidate),
    );
    this.#ones = new Float64Array(stratumOf.length).fill(1);
    this.#differenceCentre = stratumMedians(stratumOf, strata.length, difference);
    this.#averageCentre = stratumMedians(stratumOf, strata.length, average);
    this.#differenceScale = residualScale(stratumOf, difference, this.#differenceCentre);
    this.#averageScale = residualScale(stratumOf, average, this.#averageCentre);
  }

  /** `weights`: one per chunk pair, 0 leaves it out. A stratum that loses every pair keeps its median. */
  fit(weights: Float64Array = this.#ones): Levels {
    const { strata, efsReference, efsCandidate, stratumOf, difference, average } = this.observations;
    const size = efsReference.length + efsCandidate.length;
    const scaleD = this.#differenceScale * huberBound;
    const scaleS = this.#averageScale * huberBound;
    let fittedD = this.#differenceCentre;
    let fittedS = this.#averageCentre;
    let solution: Float64Array = new Float64Array(size);
    for (let iteration = 0; iteration < iterations; iteration++) {
      const sums = new Float64Array(strata.length * 4);
      for (let i = 0; i < stratumOf.length; i++) {
        const weight = weights[i]!;
        if (weight === 0) continue;
        const stratum = stratumOf[i]!;
        const residualD = Math.abs(difference[i]! - fittedD[stratum]!);
        const residualS = Math.abs(average[i]! - fittedS[stratum]!);
        const weightD = residualD > scaleD ? (weight * scaleD) / residualD : weight;
        const weightS = residualS > scaleS ? (weight * scaleS) / residualS : weight;
        sums[stratum * 4]! += weightD;
        sums[stratum * 4 + 1]! += weightD * difference[i]!;
        sums[stratum * 4 + 2]! += weightS;
        sums[stratum * 4 + 3]! += weightS * average[i]!;
      }
      solution = this.#solve(sums, size);
      fittedD = new Float64Array(strata.length);
      fittedS = new Float64Array(strata.length);
      for (let s = 0; s < strata.length; s++) {
        const [r, c] = [solution[this.#reference[s]!]!, solution[this.#candidate[s]!]!];
        fittedD[s] = c - r;
        fittedS[s] = (c + r) / 2;
      }
    }
    return {
      reference: solution.subarray(0, efsReference.length),
      candidate: solution.subarray(efsReference.length),
    };
  }

  /** Normal equations of: candidate - reference = difference (weight 1), their mean = average (small weight). */
  #solve(sums: Float64Array, size: number): Float64Array {
    const matrix = new Float64Array(size * size);
    const right = new Float64Array(size);
    for (let s = 0; s < this.#reference.length; s++) {
      const [r, c] = [this.#reference[s]!, this.#candidate[s]!];
      const empty = sums[s * 4]! === 0;
      const weightD = empty ? 1e-6 : sums[s * 4]!;
      const sumD = empty ? 1e-6 * this.#differenceCentre[s]! : sums[s * 4 + 1]!;
      const weightS = averageWeight * (empty ? 1e-6 : sums[s * 4 + 2]!);
      const sumS = averageWeight * (empty ? 1e-6 * this.#averageCentre[s]! : sums[s * 4 + 3]!);
      matrix[r * size + r]! += weightD + weightS / 4;
      matrix[c * size + c]! += weightD + weightS / 4;
      matrix[r * size + c]! += weightS / 4 - weightD;
      matrix[c * size + r]! += weightS / 4 - weightD;
      right[c]! += sumD + sumS / 2;
      right[r]! += sumS / 2 - sumD;
    }
    return solveSymmetric(matrix, right, size);
  }
}

function stratumMedians(stratumOf: Int32Array, strata: number, values: Float64Array): Float64Array {
  const grouped: number[][] = Array.from({ length: strata }, () => []);
  stratumOf.forEach((stratum, i) => {
    grouped[stratum]!.push(values[i]!);
  });
  return Float64Array.from(grouped, (group) => median(group));
}

/** Never 0: quantised or identical times must not make every chunk an outlier. */
function residualScale(stratumOf: Int32Array, values: Float64Array, centres: Float64Array): number {
  const residuals = values.map((value, i) => value - centres[stratumOf[i]!]!);
  return Math.max(robustScale(residuals), 1e-4);
}

/** Cholesky solution of a symmetric positive definite system, in place. */
function solveSymmetric(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let j = 0; j < size; j++) {
    let diagonal = matrix[j * size + j]!;
    for (let k = 0; k < j; k++) diagonal -= matrix[j * size + k]! ** 2;
    const root = Math.sqrt(Math.max(diagonal, 1e-12));
    matrix[j * size + j] = root;
    for (let i = j + 1; i < size; i++) {
      let value = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) value -= matrix[i * size + k]! * matrix[j * size + k]!;
      matrix[i * size + j] = value / root;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) right[i]! -= matrix[i * size + k]! * right[k]!;
    right[i]! /= matrix[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) right[i]! -= matrix[k * size + i]! * right[k]!;
    right[i]! /= matrix[i * size + i]!;
  }
  return right;
}
