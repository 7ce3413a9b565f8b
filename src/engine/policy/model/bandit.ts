import type { Random } from '../../ports.ts';
import { beta } from './betaDeviate.ts';

/** A group that is over: whole from one policy. */
export interface GroupOutcome {
  readonly policy: string;
  /**
   * What the group brought: the best shaped reward in it. Below 0, as when every candidate failed, counts as 0: it cost
   * and brought nothing.
   */
  readonly reward: number;
  /** Seconds that sampling the group took. */
  readonly seconds: number;
  /** US dollars; null or 0 where there is no price. */
  readonly dollars: number | null;
}

/** What a dollar weighs against seconds of sampling: about what a minute of a developer's time costs. */
export const secondsPerDollar = 60;

/** In seconds; at least a millisecond, so that a free policy can be compared. */
export function costOfGroup({ seconds, dollars }: Pick<GroupOutcome, 'seconds' | 'dollars'>): number {
  return Math.max(0.001, seconds + (dollars ?? 0) * secondsPerDollar);
}

/**
 * The policy of the next group: budget-limited Thompson sampling (Xia, Li, Qin, Yu and Liu, "Thompson Sampling for
 * Budgeted Multi-armed Bandits", IJCAI 2015). Reward and cost of a policy's groups each have a Beta posterior; one draw
 * of each is taken, and the policy with the largest ratio of the draws gets the group. So a policy's share of the groups
 * grows with its reward per cost, and none is ever given up. Rewards and costs are scaled by the largest seen; where the
 * paper tosses a coin with the scaled value, its expectation is added, as runs have few groups.
 *
 * Every policy is tried once first, in the order given. A pure function: the same history and the same generator give
 * the same policy, so that a resumed run goes on as it would have. `random` is the run's; it is forked, not advanced.
 */
export function choosePolicy(
  policies: readonly string[],
  history: readonly GroupOutcome[],
  random: Random,
): string {
  const [only] = policies;
  if (only === undefined) throw new Error('no policies to choose from');
  const untried = policies.find((policy) => history.every((group) => group.policy !== policy));
  if (untried !== undefined) return untried;
  if (policies.length === 1) return only;

  const known = history.filter((group) => policies.includes(group.policy));
  const largestReward = Math.max(...known.map((group) => group.reward), 0);
  const largestCost = Math.max(...known.map(costOfGroup));
  const draws = policies.map((policy) => {
    const stream = random.fork(`bandit/${known.length}/${policy}`);
    const groups = known.filter((group) => group.policy === policy);
    const rewards = groups.map(({ reward }) => (largestReward > 0 ? Math.max(0, reward) / largestReward : 0));
    const costs = groups.map((group) => costOfGroup(group) / largestCost);
    return { policy, ratio: drawn(rewards, stream) / drawn(costs, stream) };
  });
  return draws.reduce((best, draw) => (draw.ratio > best.ratio ? draw : best)).policy;
}

/** From the posterior of a mean in [0, 1], given values in [0, 1] and a uniform prior. */
function drawn(values: readonly number[], random: Random): number {
  const sum = values.reduce((a, b) => a + b, 0);
  return beta(1 + sum, 1 + values.length - sum, random);
}
