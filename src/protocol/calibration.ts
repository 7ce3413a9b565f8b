import type { Comparison, Estimate } from './measurement.ts';

/** How often a decision procedure called a difference where there is none. */
export interface FalseCalls {
  readonly replays: number;
  readonly calls: number;
  readonly rate: number;
  /** Clopper-Pearson, one-sided 95 %. */
  readonly upperBound: number;
}

/** A slow-down of known size put into one side of a reference-against-itself comparison. */
export interface InjectedSlowdown {
  /** 0.02: each search takes 2 % longer. */
  readonly slowdown: number;
  /** What ln(AUC ratio) should be: -ln(1 + slowdown). */
  readonly expected: number;
  readonly logRatio: Estimate;
  /** The interval is off zero on the slow side. */
  readonly called: boolean;
  readonly stopped: Comparison['stopped'];
  readonly processPairs: number;
  /** From the first load of the indexes to the decision. */
  readonly seconds: number;
}

/** What alternating with a large partner does to the time per query of a working set of known size. */
export interface SwitchingBias {
  /** Size of the working set in last-level caches, and in bytes. */
  readonly cacheShare: number;
  readonly bytes: number;
  readonly partnerBytes: number;
  /** Seconds per query with the machine to itself. */
  readonly aloneSeconds: number;
  /** Relative to alone, minus 1. */
  readonly paired: Estimate;
  readonly resident: Estimate;
  readonly residentChunk: number;
  /** No slow-down can be told from the resident interval; lost cache content cannot make a side faster. */
  readonly residentBelowInterval: boolean;
}

/** What is known about measurement on this machine. */
export interface Calibration {
  readonly schema: 1;
  readonly datasetFingerprint: string;
  readonly cpu: string;
  readonly llcBytes: number;
  /** The rate of the screening procedure, the one that looks most often at least data. */
  readonly falsePositiveRate: number;
  readonly screening: FalseCalls;
  readonly confirmation: FalseCalls;
  /**
   * Spread of ln(time ratio) between exchanges (two fresh process pairs with their memory exchanged) of the same
   * library; to be handed to later measurements.
   */
  readonly processEffect: { readonly sd: number; readonly df: number };
  readonly slowdowns: readonly InjectedSlowdown[];
  readonly switchingBias: readonly SwitchingBias[];
  readonly seconds: number;
}
