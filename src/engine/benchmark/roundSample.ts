/** One chunk pair of a round: seconds per query of both sides on the same queries. */
export interface TimedPair {
  readonly first: 'reference' | 'candidate';
  readonly secondsReference: number;
  readonly secondsCandidate: number;
}

export interface EfPair {
  readonly efReference: number;
  readonly efCandidate: number;
}

/** A measured round: one ef pair, in processes forked for it. */
export interface RoundSample extends EfPair {
  /** Index of the process pair (two freshly loaded indexes) that the round ran in. */
  readonly processPair: number;
  readonly pairs: readonly TimedPair[];
}

/** Recall of one side at one ef over the recall pool. */
export interface RecallPoint {
  readonly ef: number;
  readonly recall: number;
  /** Counted neighbours of each pool row, 0..k, in row order. */
  readonly hits: Uint8Array;
  /** Rough: from answering the pool once, for planning only. */
  readonly secondsPerQuery: number;
}
