import { describe, expect, it } from 'vitest';
import { newAdamState } from '../../../src/engine/grpo/adamW.ts';
import { train, trainerDefaults } from '../../../src/engine/grpo/trainer.ts';
import { normalisedRewards } from '../../../src/engine/normalisedRewards.ts';
import { PlaybookNetwork } from '../../../src/engine/policy/playbook/network/network.ts';
import {
  networkContext,
  PlaybookModel,
  playbookSample,
  priorLogprobs,
} from '../../../src/engine/policy/playbook/network/playbookModel.ts';
import { publishedPrior } from '../../../src/engine/policy/playbook/publishedPrior.ts';
import type { Random } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { draw, grammar, situation } from './playbookTask.ts';

const context = networkContext(grammar, situation);

/** A made-up worth of programs that the prior does not know: each token adds or costs something, with noise on top. */
function rewardOf(seed: number): (tokenIds: readonly number[], random: Random) => number {
  const worth = grammar.vocabulary.map((_, id) => seededRandom(seed, `worth/${id}`).next() * 0.2 - 0.1);
  return (tokenIds, random) =>
    tokenIds.reduce((sum, id) => sum + worth[id]!, 0) + (random.next() - 0.5) * 0.04;
}

function meanReward(network: PlaybookNetwork, reward: ReturnType<typeof rewardOf>, seed: string): number {
  const random = seededRandom(seed);
  let sum = 0;
  for (let i = 0; i < 200; i++) sum += reward(draw(network, random).tokenIds, random);
  return sum / 200;
}

/** Rounds of groups of 8, one update each. */
async function learn(seed: number, rounds: number, groupsPerRound: number): Promise<PlaybookNetwork> {
  const network = PlaybookNetwork.untrained(grammar.vocabulary.length);
  const adam = newAdamState(network.weights.length);
  const random = seededRandom(seed, 'learn');
  const reward = rewardOf(seed);
  for (let round = 0; round < rounds; round++) {
    const groups = Array.from({ length: groupsPerRound }, () => {
      const drawn = Array.from({ length: 8 }, () => draw(network, random));
      const { advantages } = normalisedRewards(drawn.map(({ tokenIds }) => reward(tokenIds, random)));
      const completions = drawn.map(({ tokenIds, logprobs }) => {
        const sample = playbookSample(grammar, publishedPrior, { situation, context }, tokenIds)!;
        return { sample, old: logprobs, ref: priorLogprobs(sample) };
      });
      return { completions, advantages };
    });
    await train(new PlaybookModel(network), groups, { adam, random, options: trainerDefaults });
  }
  return network;
}

describe('learning', () => {
  it('raises the mean reward of a made-up task within a few rounds, for every seed', async () => {
    const gains: number[] = [];
    for (const seed of [1, 2, 3]) {
      const reward = rewardOf(seed);
      const before = meanReward(PlaybookNetwork.untrained(grammar.vocabulary.length), reward, 'test');
      gains.push(meanReward(await learn(seed, 5, 2), reward, 'test') - before);
    }
    expect(Math.min(...gains)).toBeGreaterThan(0.1);
  });

  it('gives the same weights for the same groups and seed', async () => {
    const [one, other] = [await learn(7, 2, 1), await learn(7, 2, 1)];
    expect(one.weights).toEqual(other.weights);
  });
});
