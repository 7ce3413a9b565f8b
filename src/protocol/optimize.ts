import type { BuildCosts } from './costs.ts';
import type { CurvePoint, Estimate, SpeedupAt } from './measurement.ts';
import type { ModuleName } from './module.ts';
import type { Verdict } from './verdict.ts';

/** One candidate of a finished run, as `annsmith optimize --json` prints it. */
export interface CandidateReport {
  readonly id: string;
  /** The completion, for the playbook the edit program. */
  readonly program: string;
  readonly patchHash: string | null;
  readonly verdict: Verdict;
  /** What training sees; null where nothing can be said (failed, cancelled). */
  readonly reward: number | null;
  /** Interval of ln(AUC candidate / AUC reference). */
  readonly interval: Estimate | null;
  readonly points: readonly CurvePoint[];
  readonly costs: BuildCosts | null;
  /** Path of the candidate's unified diff. */
  readonly patch: string | null;
}

/** The winner, measured again with fresh processes, a fresh seed and held-out queries. */
export interface BestReport {
  readonly id: string;
  readonly program: string;
  readonly patchHash: string;
  readonly patch: string;
  /** ln(AUC ratio) as confirmed. */
  readonly gain: Estimate;
  readonly latency: { readonly reference: LatencyReport; readonly candidate: LatencyReport };
  readonly costs: { readonly reference: BuildCosts; readonly candidate: BuildCosts };
}

/** Seconds per query of single queries at `ef`. */
export interface LatencyReport {
  readonly ef: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface OptimizeReport {
  readonly run: string;
  readonly module: ModuleName;
  readonly dataset: string;
  readonly policy: string;
  readonly seed: number;
  readonly window: readonly [number, number];
  readonly reference: { readonly points: readonly CurvePoint[]; readonly costs: BuildCosts };
  /** Best first. */
  readonly candidates: readonly CandidateReport[];
  /** Null when no gain was confirmed. */
  readonly best: BestReport | null;
  /** Of the best, confirmed: at the window's edges and the customary recalls inside. Empty without a best. */
  readonly speedup: readonly SpeedupAt[];
  readonly applied: boolean;
  readonly seconds: number;
}
