import type { Estimate, RecallWindow } from '../../protocol/measurement.ts';
import { type Corner, extendHull, hullAuc, lowerHull, qpsAtRecall } from '../curve.ts';
import type { Random } from '../ports.ts';
import { standardDeviation } from '../statistics.ts';
import { LevelFit, type Levels, type Observations } from './levels.ts';
import type { RecallPoint } from './roundSample.ts';

/** Standard deviation of ln(time) between exchanges of one library with itself, and the evidence behind it. */
export interface ProcessEffect {
  readonly sd: number;
  /** Degrees of freedom: exchanges - 1 where calibrated. */
  readonly df: number;
}

/** Measured on small shared machines: memory placement moves a fresh process by 0.7 %. */
export const defaultProcessEffect: ProcessEffect = { sd: 0.007, df: 8 };

export interface BootstrapInput {
  readonly observations: Observations;
  readonly recallReference: readonly RecallPoint[];
  readonly recallCandidate: readonly RecallPoint[];
  readonly k: number;
  readonly window: RecallWindow;
  /** Recalls at which the speed ratio is wanted. */
  readonly speedupAt: readonly number[];
  readonly processEffect: ProcessEffect;
  readonly replicates: number;
  readonly random: Random;
}

/** A log ratio with its standard error; the interval is value -+ critical(df) * standardError. */
export interface LogEstimate {
  readonly value: number;
  readonly standardError: number;
  readonly df: number;
}

export interface BootstrapResult {
  /** ln(AUC candidate / AUC reference); -Infinity where the candidate never enters the window. */
  readonly logRatio: LogEstimate;
  /** ln(QPS candidate / QPS reference) at each recall of `speedupAt`, NaN where a side does not reach it. */
  readonly logSpeedups: readonly LogEstimate[];
  readonly levels: Levels;
}

/** Below this many exchanges their spread is taken from calibration alone. */
const exchangesToEstimateSpread = 3;

/**
 * Estimates with standard errors. Each replicate resamples exchanges (from three on), then rounds within exchange
 * and ef pair, then chunks, and the rows behind the recalls (the same rows for both sides), and refits. Chunks
 * are drawn n - 1 of n, which makes their variance unbiased for few chunks (Rao and Wu, JASA 83, 1988). The spread
 * between exchanges is added in quadrature; from three on it is pooled with the one observed, each
 * weighted by its degrees of freedom.
 */
export function bootstrapEstimates(input: BootstrapInput): BootstrapResult {
  const fit = new LevelFit(input.observations);
  const recalls = new RecallResampler(input);
  const levels = fit.fit();
  const recall = recalls.measured();
  const point = statistics(input, levels, recall, recall);

  const exchanges = new Set(input.observations.exchangeOf).size;
  const within = spread(input, fit, recalls, recall, false);
  const between =
    exchanges >= exchangesToEstimateSpread ? spread(input, fit, recalls, recall, true) : undefined;
  const { sd, df } = input.processEffect;
  const known = sd ** 2 / exchanges;
  const estimates = point.map((value, i): LogEstimate => {
    const prior = within[i]! ** 2 + known;
    if (between === undefined) return { value, standardError: Math.sqrt(prior), df };
    const pooledDf = df + exchanges - 1;
    const variance = (df * prior + (exchanges - 1) * between[i]! ** 2) / pooledDf;
    return { value, standardError: Math.sqrt(variance), df: pooledDf };
  });
  return { logRatio: estimates[0]!, logSpeedups: estimates.slice(1), levels };
}

/** The interval of a log estimate, on the log scale. */
export function logInterval(estimate: LogEstimate, critical: number): Estimate {
  const half = critical * estimate.standardError;
  return { value: estimate.value, low: estimate.value - half, high: estimate.value + half };
}

/** ln AUC ratio, then ln speed ratio at each wanted recall. */
function statistics(
  input: BootstrapInput,
  levels: Levels,
  recall: { reference: Float64Array; candidate: Float64Array },
  measured: { reference: Float64Array; candidate: Float64Array },
): number[] {
  const reference = sideHull(levels.reference, recall.reference, measured.reference, input.window);
  const candidate = sideHull(levels.candidate, recall.candidate, measured.candidate, input.window);
  const ratio = Math.log(hullAuc(candidate, input.window) / hullAuc(reference, input.window));
  const top = Math.min(Math.max(...measured.reference), Math.max(...measured.candidate));
  const speedups = input.speedupAt.map((at) =>
    at > top
      ? Number.NaN
      : Math.log(qpsAtRecall(extendHull(candidate, at), at) / qpsAtRecall(extendHull(reference, at), at)),
  );
  return [ratio, ...speedups];
}

/**
 * The hull of one side. If the measured curve covers the window's upper edge, a replicate whose resampled recall
 * falls a little short of it continues along its last segment: that it ends there is not what is being estimated.
 */
function sideHull(
  levels: Float64Array,
  recall: Float64Array,
  measured: Float64Array,
  window: RecallWindow,
): readonly Corner[] {
  const points = Array.from(levels, (level, i) => ({
    recall: recall[i]!,
    secondsPerQuery: Math.exp(level),
  }));
  const hull = lowerHull(points);
  return Math.max(...measured) >= window[1] ? extendHull(hull, window[1]) : hull;
}

function spread(
  input: BootstrapInput,
  fit: LevelFit,
  recalls: RecallResampler,
  measured: { reference: Float64Array; candidate: Float64Array },
  resampleExchanges: boolean,
): number[] {
  const random = input.random.fork(resampleExchanges ? 'exchanges' : 'within');
  const resampler = new ChunkResampler(input.observations);
  const replicates: number[][] = [];
  for (let i = 0; i < input.replicates; i++) {
    const weights = resampler.draw(random, resampleExchanges);
    replicates.push(statistics(input, fit.fit(weights), recalls.draw(random), measured));
  }
  return Array.from({ length: 1 + input.speedupAt.length }, (_, j) =>
    standardDeviation(
      replicates.map((replicate) => replicate[j]!),
      1,
    ),
  );
}

/** Draws chunk weights: exchanges, then rounds within (exchange, ef pair), then chunks within a round. */
class ChunkResampler {
  readonly #observations: Observations;
  /** Rounds of each exchange, grouped by ef pair. */
  readonly #rounds: readonly (readonly number[])[][];

  constructor(observations: Observations) {
    this.#observations = observations;
    const { roundStart, stratumOf } = observations;
    const grouped = new Map<number, Map<number, number[]>>();
    observations.exchangeOf.forEach((exchange, round) => {
      const stratum = stratumOf[roundStart[round]!]!;
      const strata = grouped.get(exchange) ?? new Map<number, number[]>();
      grouped.set(exchange, strata);
      strata.set(stratum, [...(strata.get(stratum) ?? []), round]);
    });
    this.#rounds = [...grouped.values()].map((strata) => [...strata.values()]);
  }

  draw(random: Random, resampleExchanges: boolean): Float64Array {
    const { roundStart, difference } = this.#observations;
    const weights = new Float64Array(difference.length);
    const pick = (count: number): number => Math.floor(random.next() * count);
    for (let p = 0; p < this.#rounds.length; p++) {
      const strata = this.#rounds[resampleExchanges ? pick(this.#rounds.length) : p]!;
      for (const rounds of strata) {
        for (let r = 0; r < rounds.length; r++) {
          const round = rounds[pick(rounds.length)]!;
          const start = roundStart[round]!;
          const count = roundStart[round + 1]! - start;
          const draws = Math.max(1, count - 1);
          for (let c = 0; c < draws; c++) weights[start + pick(count)]! += count / draws;
        }
      }
    }
    return weights;
  }
}

/** Recalls at the measured ef values, from resampled pool rows; both sides lose and gain the same rows. */
class RecallResampler {
  readonly #reference: readonly Uint8Array[];
  readonly #candidate: readonly Uint8Array[];
  readonly #rows: number;
  readonly #k: number;

  constructor(input: BootstrapInput) {
    const { observations, recallReference, recallCandidate } = input;
    this.#reference = hitsOf(observations.efsReference, recallReference, 'reference');
    this.#candidate = hitsOf(observations.efsCandidate, recallCandidate, 'candidate');
    this.#rows = this.#reference[0]!.length;
    this.#k = input.k;
    for (const hits of [...this.#reference, ...this.#candidate]) {
      if (hits.length !== this.#rows) throw new RangeError('recalls were measured over different pools');
    }
  }

  measured(): { reference: Float64Array; candidate: Float64Array } {
    return this.#recalls((hits) => {
      let sum = 0;
      for (let i = 0; i < hits.length; i++) sum += hits[i]!;
      return sum;
    });
  }

  draw(random: Random): { reference: Float64Array; candidate: Float64Array } {
    const rows = Uint32Array.from({ length: this.#rows }, () => Math.floor(random.next() * this.#rows));
    return this.#recalls((hits) => {
      let sum = 0;
      for (let i = 0; i < rows.length; i++) sum += hits[rows[i]!]!;
      return sum;
    });
  }

  #recalls(sum: (hits: Uint8Array) => number): { reference: Float64Array; candidate: Float64Array } {
    const scale = 1 / (this.#rows * this.#k);
    return {
      reference: Float64Array.from(this.#reference, (hits) => sum(hits) * scale),
      candidate: Float64Array.from(this.#candidate, (hits) => sum(hits) * scale),
    };
  }
}

function hitsOf(efs: readonly number[], points: readonly RecallPoint[], side: string): Uint8Array[] {
  return efs.map((ef) => {
    const point = points.find((candidate) => candidate.ef === ef);
    if (point === undefined) throw new RangeError(`no recall was measured for the ${side} at ef ${ef}`);
    return point.hits;
  });
}
