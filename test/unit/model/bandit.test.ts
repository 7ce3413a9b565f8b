import { describe, expect, it } from 'vitest';
import {
  choosePolicy,
  costOfGroup,
  type GroupOutcome,
  secondsPerDollar,
} from '../../../src/engine/policy/model/bandit.ts';
import { beta } from '../../../src/engine/policy/model/betaDeviate.ts';
import { seededRandom } from '../../../src/engine/random.ts';

const policies = ['playbook', 'openai:small', 'openai:large'];

/** Plays `groups` groups where each policy always brings the same. */
function play(
  groups: number,
  outcomes: Readonly<Record<string, Omit<GroupOutcome, 'policy'>>>,
  seed = 1,
): string[] {
  const history: GroupOutcome[] = [];
  for (let i = 0; i < groups; i++) {
    const policy = choosePolicy(Object.keys(outcomes), history, seededRandom(seed));
    history.push({ policy, ...outcomes[policy]! });
  }
  return history.map((group) => group.policy);
}

const share = (chosen: readonly string[], policy: string): number =>
  chosen.filter((name) => name === policy).length / chosen.length;

describe('the choice between policies', () => {
  it('tries every policy once first, in order', () => {
    const same = { reward: 0.1, seconds: 10, dollars: null };
    const outcomes = Object.fromEntries(policies.map((policy) => [policy, same]));
    expect(play(3, outcomes)).toEqual(policies);
  });

  it('shifts to what brings more for the same cost, and gives up none', () => {
    const chosen = play(200, {
      good: { reward: 0.5, seconds: 10, dollars: 0 },
      poor: { reward: 0.05, seconds: 10, dollars: 0 },
      failing: { reward: -1, seconds: 10, dollars: 0 },
    });
    expect(share(chosen, 'good')).toBeGreaterThan(0.75);
    expect(share(chosen, 'poor')).toBeGreaterThan(0);
    expect(share(chosen.slice(100), 'good')).toBeGreaterThan(share(chosen.slice(0, 20), 'good'));
  });

  it('shifts to what is cheaper for the same reward, in seconds and in dollars', () => {
    for (const dear of [
      { seconds: 100, dollars: null },
      { seconds: 10, dollars: 90 / secondsPerDollar },
    ]) {
      const chosen = play(100, {
        cheap: { reward: 0.3, seconds: 10, dollars: null },
        dear: { reward: 0.3, ...dear },
      });
      expect(share(chosen, 'cheap')).toBeGreaterThan(0.65);
    }
    expect(costOfGroup({ seconds: 10, dollars: 2 })).toBe(10 + 2 * secondsPerDollar);
  });

  it('is the same for the same history and seed, and another for another seed', () => {
    const outcomes = {
      a: { reward: 0.2, seconds: 10, dollars: null },
      b: { reward: 0.25, seconds: 10, dollars: null },
    };
    expect(play(30, outcomes, 5)).toEqual(play(30, outcomes, 5));
    expect(play(30, outcomes, 5)).not.toEqual(play(30, outcomes, 6));
  });

  it('is not moved by policies that are no longer there', () => {
    const history = [
      { policy: 'gone', reward: 2, seconds: 1, dollars: null },
      { policy: 'a', reward: 0.2, seconds: 10, dollars: null },
    ];
    expect(choosePolicy(['a'], history, seededRandom(1))).toBe('a');
    expect(choosePolicy(['a', 'b'], history, seededRandom(1))).toBe('b');
  });

  it('draws from Beta distributions', () => {
    const random = seededRandom(3);
    const draws = Array.from({ length: 20_000 }, () => beta(2, 6, random));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(2 / 8, 2);
    expect(variance).toBeCloseTo((2 * 6) / (8 * 8 * 9), 3);
  });
});
