import { mean, standardDeviation } from '../statistics.ts';
import type { Reward } from './reward.ts';

export interface GroupAdvantages {
  /** (r - mean) / population std, in the order given; all 0 for a group without variance. */
  readonly advantages: readonly number[];
  readonly mean: number;
  readonly std: number;
  /** All rewards are equal: the group stays in the log and is skipped in training. */
  readonly zeroVariance: boolean;
  /** Share (0..1) of the group's variance that is there only because some members failed; 0 without variance. */
  readonly failureVarianceShare: number;
}

/** Advantages within one group, as in CRINN and GRPO: population standard deviation, no clipping. */
export function groupAdvantages(rewards: readonly Reward[]): GroupAdvantages {
  if (rewards.length === 0) throw new RangeError('a group has at least one reward');
  const values = rewards.map((reward) => reward.shaped);
  const centre = mean(values);
  const std = standardDeviation(values);
  // Rewards come from logarithms; below this they differ by rounding alone.
  const zeroVariance = std < 1e-9;
  return {
    advantages: values.map((value) => (zeroVariance ? 0 : (value - centre) / std)),
    mean: centre,
    std: zeroVariance ? 0 : std,
    zeroVariance,
    failureVarianceShare: zeroVariance ? 0 : failureVarianceShare(rewards, std),
  };
}

/**
 * 1 - (variance that the valid members would still give if each failure had their mean) / variance. 1 where all of the
 * spread is between failures and the rest, 0 where nothing failed.
 */
function failureVarianceShare(rewards: readonly Reward[], std: number): number {
  const valid = rewards.filter((reward) => !reward.failure).map((reward) => reward.shaped);
  if (valid.length === rewards.length) return 0;
  if (valid.length === 0) return 1;
  const within = (standardDeviation(valid) ** 2 * valid.length) / rewards.length;
  return Math.min(1, Math.max(0, 1 - within / std ** 2));
}
