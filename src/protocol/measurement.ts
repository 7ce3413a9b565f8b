/** One measured point of a QPS-recall curve. */
export interface CurvePoint {
  readonly ef: number;
  /** recall@k over the query pool, 0..1, ties counted fairly. */
  readonly recall: number;
  /** Seconds per query, one search thread. */
  readonly secondsPerQuery: number;
  /** Queries per second: 1 / secondsPerQuery. */
  readonly qps: number;
}

/** A value with its bootstrap interval (95 % unless said otherwise). */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type EstimateMode = 'paired' | 'resident';

/** Reference and candidate measured on the same queries, next to each other in time; the unit of the bootstrap. */
export interface ChunkPair {
  readonly mode: EstimateMode;
  readonly processPair: number;
  readonly round: number;
  readonly pair: number;
  readonly first: 'reference' | 'candidate';
  readonly efReference: number;
  readonly efCandidate: number;
  /** Seconds per query. */
  readonly secondsReference: number;
  readonly secondsCandidate: number;
}

/** Recall window [low, high] in which the area under the curve is taken. */
export type RecallWindow = readonly [low: number, high: number];

/** Speed ratio candidate / reference at one recall. */
export interface SpeedupAt {
  readonly recall: number;
  readonly ratio: Estimate;
  readonly referenceQps: number;
  readonly candidateQps: number;
}

/** One value for each side. */
export interface BothSides<T> {
  readonly reference: T;
  readonly candidate: T;
}

/** The full result of comparing a candidate with its reference. */
export interface Comparison {
  readonly mode: EstimateMode;
  readonly reference: readonly CurvePoint[];
  readonly candidate: readonly CurvePoint[];
  /** ln(AUC candidate / AUC reference); the interval holds for all planned looks together. */
  readonly logRatio: Estimate;
  /** The screening estimate and the resident one, where each was taken. */
  readonly paired?: Estimate;
  readonly resident?: Estimate;
  readonly aucReference: number;
  readonly aucCandidate: number;
  /** The paper's filter-then-trapezoid area, stored beside ours. */
  readonly crinnAucReference: number;
  readonly crinnAucCandidate: number;
  readonly speedupAt: readonly SpeedupAt[];
  readonly samples: readonly ChunkPair[];
  readonly processPairs: number;
  readonly looks: number;
  readonly stopped: 'decided' | 'equivalent' | 'budget';
  /** Queries per timed chunk and untimed queries before each. */
  readonly chunk: number;
  readonly lead: number;
  /** Recall at the largest ef of the reference's sweep. */
  readonly recallAtLargestEf: BothSides<number> & { readonly ef: number };
  /** Bytes of each search process backed by huge pages. */
  readonly hugePages: BothSides<number>;
  /** Wall-clock seconds the comparison took, waiting for the lock not counted. */
  readonly seconds: number;
}

/** Latency of single queries, seconds. */
export interface LatencySummary {
  readonly ef: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly mean: number;
}
