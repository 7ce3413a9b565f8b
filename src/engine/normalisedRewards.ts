import { mean, standardDeviation } from './statistics.ts';

export interface NormalisedRewards {
  /** (r - mean) / population std, in the order given; all 0 for a group without variance. */
  readonly advantages: readonly number[];
  readonly mean: number;
  /** Population standard deviation; 0 for a group without variance. */
  readonly std: number;
  /** All rewards are equal: the group stays in the log and is skipped in training. */
  readonly zeroVariance: boolean;
}

/**
 * Advantages of one group's rewards, as in CRINN and GRPO. `limit` clips them to [-limit, limit] (CUDA-L1 uses 1.5);
 * without it they stay as they are.
 */
export function normalisedRewards(rewards: readonly number[], limit?: number): NormalisedRewards {
  if (rewards.length === 0) throw new RangeError('a group has at least one reward');
  const centre = mean(rewards);
  const std = standardDeviation(rewards);
  // Rewards come from logarithms; below this they differ by rounding alone.
  const zeroVariance = std < 1e-9;
  const most = limit ?? Number.POSITIVE_INFINITY;
  return {
    advantages: rewards.map((value) =>
      zeroVariance ? 0 : Math.max(-most, Math.min(most, (value - centre) / std)),
    ),
    mean: centre,
    std: zeroVariance ? 0 : std,
    zeroVariance,
  };
}
