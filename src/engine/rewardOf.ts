import type { Candidate } from './cascade.ts';
import { estimateOf } from './cascade.ts';
import { measuredReward, type Reward, rejectedReward } from './reward/reward.ts';

/** The candidate's reward; none where nothing can be said of it (the harness failed, or the run was cancelled). */
export function rewardOf(candidate: Candidate): Reward | undefined {
  const { verdict } = candidate;
  const logRatio = estimateOf(candidate)?.logRatio.value;
  if (verdict?.kind === 'accepted' && logRatio !== undefined) return measuredReward(logRatio);
  if (verdict?.kind === 'rejected') return rejectedReward(verdict.reason, logRatio);
  return undefined;
}
