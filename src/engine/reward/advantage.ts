import { type NormalisedRewards, normalisedRewards } from '../normalisedRewards.ts';
import { standardDeviation } from '../statistics.ts';
import type { Reward } from './reward.ts';

export interface GroupAdvantages extends NormalisedRewards {
  /** Share (0..1) of the group's variance that is there only because some members failed; 0 without variance. */
  readonly failureVarianceShare: number;
}

/** Advantages within one group, as in CRINN and GRPO: population standard deviation, no clipping. */
export function groupAdvantages(rewards: readonly Reward[]): GroupAdvantages {
  const normalised = normalisedRewards(rewards.map((reward) => reward.shaped));
  return {
    ...normalised,
    failureVarianceShare: normalised.zeroVariance ? 0 : failureVarianceShare(rewards, normalised.std),
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
