import type { BuildCosts } from './costs.ts';
import type { FinalTrial, Trial } from './ledger.ts';
import type { CurvePoint, Estimate, RecallWindow, SpeedupAt } from './measurement.ts';
import type { TokenUsage } from './model.ts';
import type { ModuleName } from './module.ts';
import type { Verdict } from './verdict.ts';

/** How gains on several datasets become one: the mean of the log ratios, or the least. */
export const aggregates = ['geomean', 'worst'] as const;
export type Aggregate = (typeof aggregates)[number];

/** One candidate of a finished run, as `annsmith optimize --json` prints it. */
export interface CandidateReport {
  readonly id: string;
  readonly module: ModuleName;
  /** The completion, for the playbook the edit program. */
  readonly program: string;
  /** What wrote it. */
  readonly policy: string;
  readonly patchHash: string | null;
  readonly verdict: Verdict;
  /** What training sees; null where nothing can be said (failed, cancelled). */
  readonly reward: number | null;
  /** Interval of ln(AUC candidate / AUC reference). */
  readonly interval: Estimate | null;
  /** Its curve on the first dataset. */
  readonly points: readonly CurvePoint[];
  readonly costs: BuildCosts | null;
  /** On every dataset; on a subset and on the whole of it for construction. */
  readonly trials: readonly Trial[];
  /** Path of the candidate's unified diff. */
  readonly patch: string | null;
}

/** A part of a winner with what it gains over the rest; null where that was not measured. */
export interface PartReport {
  readonly part: string;
  readonly cause: string;
  readonly gain: Estimate | null;
}

/** What came of one module. */
export interface ModuleReport {
  readonly module: ModuleName;
  /** Null when no gain was confirmed: the module stays as it was. */
  readonly best: ModuleBest | null;
  readonly seconds: number;
}

export interface ModuleBest {
  readonly id: string;
  readonly program: string;
  /** ln(AUC ratio) over the state before the module, as confirmed. */
  readonly gain: Estimate;
  readonly speedup: readonly SpeedupAt[];
  readonly parts: readonly PartReport[];
}

/** Everything together over the workspace as saved: fresh processes, a fresh seed and held-out queries. */
export interface BestReport {
  /** Ids of the confirmed winners, one per module that has one. */
  readonly ids: readonly string[];
  readonly patch: string;
  readonly patchHash: string;
  readonly gain: Estimate;
  /** One per dataset: curves, costs, latency, throughput; the first is the one that `speedup` is of. */
  readonly trials: readonly FinalTrial[];
}

export interface OptimizeReport {
  readonly run: string;
  readonly modules: readonly ModuleReport[];
  readonly dataset: string;
  readonly datasets: readonly string[];
  readonly heldOut: readonly string[];
  readonly aggregate: Aggregate;
  readonly policy: string;
  /** What its models used; null where none was asked. */
  readonly usage: TokenUsage | null;
  readonly seed: number;
  readonly window: RecallWindow;
  readonly reference: { readonly points: readonly CurvePoint[]; readonly costs: BuildCosts };
  /** By module, best first. */
  readonly candidates: readonly CandidateReport[];
  /** Null when no gain was confirmed. */
  readonly best: BestReport | null;
  /** Of the best on the first dataset, confirmed: at the window's edges and the customary recalls inside. */
  readonly speedup: readonly SpeedupAt[];
  readonly applied: boolean;
  readonly seconds: number;
}
