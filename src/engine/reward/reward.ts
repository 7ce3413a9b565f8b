import type { RejectionReason } from '../../protocol/verdict.ts';

/** A valid candidate's reward stays in this range, so that one lucky group member cannot carry the whole update. */
export const rewardBounds = { low: -0.5, high: 2 } as const;

/** What a rejected candidate gets. */
const rejectionRewards: Readonly<Record<RejectionReason, number>> = {
  slower: -0.5,
  timeout: -0.5,
  style: -0.5,
  'build-cost': -0.5,
  'not-confirmed': 0,
  'wrong-answers': -1,
  recall: -1,
  crash: -1,
  memory: -1,
  sanitizer: -1,
  'does-not-compile': -1,
  'does-not-apply': -1,
  'does-not-parse': -1,
  cheat: -1.5,
};

export interface Reward {
  /** ln(AUC candidate / AUC reference) as measured, unbounded; the table's value where nothing was measured. */
  readonly raw: number;
  /** What training sees: bounded, and the table's value for a failure. */
  readonly shaped: number;
  /** True where the value stands for a failure and not for a measured ratio. */
  readonly failure: boolean;
}

/** Reward of a candidate that was measured and not rejected. */
export function measuredReward(logRatio: number): Reward {
  if (!Number.isFinite(logRatio)) throw new RangeError(`a measured log ratio is finite, not ${logRatio}`);
  const shaped = Math.min(rewardBounds.high, Math.max(rewardBounds.low, logRatio));
  return { raw: logRatio, shaped, failure: false };
}

/**
 * Reward of a rejected candidate. `logRatio` is what was measured before the rejection, if anything. A candidate that
 * was only `slower` or `not-confirmed` is valid and keeps its measured value, never above 0.
 */
export function rejectedReward(reason: RejectionReason, logRatio?: number): Reward {
  const valid = reason === 'slower' || reason === 'not-confirmed';
  const table = rejectionRewards[reason];
  if (logRatio === undefined || !Number.isFinite(logRatio)) {
    return { raw: table, shaped: table, failure: !valid };
  }
  const shaped = valid ? Math.min(0, measuredReward(logRatio).shaped) : table;
  return { raw: logRatio, shaped, failure: !valid };
}
