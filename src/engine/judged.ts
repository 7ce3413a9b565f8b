import type { BuildCosts } from '../protocol/costs.ts';
import type { Trial as TrialRecord } from '../protocol/ledger.ts';
import type { Comparison, Estimate } from '../protocol/measurement.ts';
import type { Aggregate } from '../protocol/optimize.ts';
import type { Completion, FileTexts, StyleGate } from '../protocol/policy.ts';
import type { Verdict } from '../protocol/verdict.ts';
import { aggregateGains } from './aggregateGains.ts';
import type { SideProfile } from './benchmark/referenceProfile.ts';
import { patchHash, unifiedDiff } from './candidate/patch.ts';
import { rejected } from './rejection.ts';
import { measuredReward, type Reward, rejectedReward } from './reward/reward.ts';
import type { Check } from './verify/verifyCandidate.ts';

/** A candidate on one dataset, or on the head of one. */
export interface Trial {
  readonly dataset: string;
  /** Base rows indexed. */
  readonly rows: number;
  /** Its own graph, where it builds one. */
  graph?: string;
  costs?: BuildCosts;
  profile?: SideProfile;
  screened?: Comparison;
  resident?: Comparison;
}

/** A candidate on its way through the cascade; stages fill it in and set the verdict that ends its way. */
export interface Candidate {
  readonly id: string;
  readonly completion: Completion;
  readonly files: FileTexts;
  readonly patch: string | null;
  readonly patchHash: string | null;
  /** What wrote it. */
  policyId?: string;
  /** What its policy's code is held to. */
  style?: StyleGate;
  /** Equal for twins that differ in layout and comments alone. */
  codeHash?: string;
  library?: string;
  verdict?: Verdict | undefined;
  checks: Check[];
  lockdown: Readonly<Record<string, unknown>> | null;
  /** In the order in which they were made: a subset before the whole. */
  trials: Trial[];
  /** Seconds per stage. */
  timings: Record<string, number>;
  /** Id of an earlier candidate of the run with the same texts, whose judgement this one shares. */
  sameAs?: string;
  /** Its judgement is in the ledger. */
  logged?: boolean;
}

export function newCandidate(id: string, completion: Completion, before: FileTexts): Candidate {
  const { outcome } = completion;
  const files: FileTexts = outcome.kind === 'files' ? outcome.files : new Map();
  const changed = files.size > 0;
  return {
    id,
    completion,
    files,
    patch: changed ? unifiedDiff(before, files) : null,
    patchHash: changed ? patchHash(before, files) : null,
    checks: [],
    lockdown: null,
    trials: [],
    timings: {},
    ...(outcome.kind === 'rejected' ? { verdict: rejected(outcome.reason, 'applies', outcome.detail) } : {}),
  };
}

/** The better estimate of a trial so far. */
export function estimateOf(trial: Trial): Comparison | undefined {
  return trial.resident ?? trial.screened;
}

/** The trial on this many rows of a dataset, made on first use. */
export function trialOn(candidate: Candidate, dataset: string, rows: number): Trial {
  const known = candidate.trials.find((trial) => trial.dataset === dataset && trial.rows === rows);
  if (known !== undefined) return known;
  const trial: Trial = { dataset, rows };
  candidate.trials.push(trial);
  return trial;
}

/** Of each dataset the trials with the most rows, or with the fewest. */
function trialsAt(candidate: Candidate, scale: 'whole' | 'first'): Trial[] {
  const measured = candidate.trials.filter((trial) => estimateOf(trial) !== undefined);
  const names = [...new Set(measured.map((trial) => trial.dataset))];
  return names.map((name) => {
    const own = measured.filter((trial) => trial.dataset === name);
    return own.reduce((a, b) => ((scale === 'whole' ? b.rows >= a.rows : b.rows < a.rows) ? b : a));
  });
}

/** ln(AUC candidate / AUC reference) over the datasets, from the largest scale measured. */
export function gainOf(candidate: Candidate, aggregate: Aggregate): Estimate | undefined {
  return aggregated(trialsAt(candidate, 'whole'), aggregate);
}

function aggregated(trials: readonly Trial[], aggregate: Aggregate): Estimate | undefined {
  const gains = trials.map((trial) => estimateOf(trial)!.logRatio);
  return gains.length === 0 ? undefined : aggregateGains(gains, aggregate);
}

/**
 * The candidate's reward; none where nothing can be said of it (the harness failed, or the run was cancelled). All
 * members of a group are rewarded at the scale that all were measured at: of construction candidates that is the
 * subset, since only the best of them are built whole.
 */
export function rewardOf(candidate: Candidate, aggregate: Aggregate): Reward | undefined {
  const { verdict, completion } = candidate;
  // What the policy wrote could not be used; the second answer, which can win, was to another prompt.
  if (completion.answer?.repaired !== undefined) return rejectedReward(completion.answer.repaired.reason);
  const logRatio = aggregated(trialsAt(candidate, 'first'), aggregate)?.value;
  if (verdict?.kind === 'accepted' && logRatio !== undefined) return measuredReward(logRatio);
  if (verdict?.kind === 'rejected') return rejectedReward(verdict.reason, logRatio);
  return undefined;
}

/** The trials as the ledger keeps them. */
export function trialRecords(trials: readonly Trial[]): TrialRecord[] {
  return trials.map((trial): TrialRecord => {
    const comparison = estimateOf(trial);
    return {
      dataset: trial.dataset,
      rows: trial.rows,
      comparison:
        comparison === undefined
          ? null
          : structuredClone(comparison as NonNullable<TrialRecord['comparison']>),
      costs: trial.costs ?? null,
    };
  });
}

/** Trials from the ledger: what was measured, without what only the measuring process had. */
export function restoredTrials(records: readonly TrialRecord[]): Trial[] {
  return records.map(({ dataset, rows, comparison, costs }): Trial => {
    const measured = comparison as Comparison | null;
    return {
      dataset,
      rows,
      ...(costs === null ? {} : { costs }),
      ...(measured === null
        ? {}
        : measured.mode === 'resident'
          ? { resident: measured }
          : { screened: measured }),
    };
  });
}
