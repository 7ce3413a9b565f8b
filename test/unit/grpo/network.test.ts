import { describe, expect, it } from 'vitest';
import { contextFeatures, contextSize } from '../../../src/engine/policy/playbook/network/contextFeatures.ts';
import { contrastFeatures, contrastSize } from '../../../src/engine/policy/playbook/network/contrast.ts';
import { PlaybookNetwork } from '../../../src/engine/policy/playbook/network/network.ts';
import {
  networkContext,
  PlaybookModel,
  playbookSample,
  priorLogprobs,
} from '../../../src/engine/policy/playbook/network/playbookModel.ts';
import { readSituation } from '../../../src/engine/policy/playbook/network/situation.ts';
import { decodeProgram, printProgram } from '../../../src/engine/policy/playbook/program.ts';
import { publishedPrior } from '../../../src/engine/policy/playbook/publishedPrior.ts';
import { scoreTokens } from '../../../src/engine/policy/playbook/sampler.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { draw, grammar, optionsOf, randomNetwork, situation } from './playbookTask.ts';

function textOf(tokenIds: readonly number[]): string {
  const decoded = decodeProgram(grammar, situation.module, tokenIds);
  if (decoded.kind !== 'program') throw new Error(decoded.message);
  return printProgram(grammar, decoded.program);
}

const exemplars = Array.from({ length: 6 }, (_, i) => ({
  program: textOf(draw(undefined, seededRandom(i, 'exemplar')).tokenIds),
  score: Math.sin(i),
}));
const informed = { ...situation, exemplars };

function sampleOf(tokenIds: readonly number[], of = informed) {
  const sample = playbookSample(
    grammar,
    publishedPrior,
    { situation: of, context: networkContext(grammar, of) },
    tokenIds,
  );
  if (sample === undefined) throw new Error('not a program of this situation');
  return sample;
}

describe('the network of the built-in policy', () => {
  it('draws exactly what the prior draws while it is untrained', () => {
    const untrained = PlaybookNetwork.untrained(grammar.vocabulary.length);
    for (let seed = 0; seed < 50; seed++) {
      expect(draw(untrained, seededRandom(seed), informed)).toEqual(draw(undefined, seededRandom(seed)));
    }
  });

  it('gives the trainer the log-probabilities that the sampler reports, to the last bit', () => {
    const random = seededRandom(1);
    const network = randomNetwork(random, 0.2);
    const model = new PlaybookModel(network);
    for (let i = 0; i < 20; i++) {
      const { tokenIds, logprobs } = draw(network, random, informed);
      const sample = sampleOf(tokenIds);
      expect([...model.score(sample).logprobs]).toEqual(logprobs);
      expect([...priorLogprobs(sample)]).toEqual(scoreTokens(optionsOf(undefined), tokenIds));
    }
  });

  it('has the gradients that small changes of every kind of weight show', () => {
    const random = seededRandom(2);
    const network = randomNetwork(random, 0.3);
    const model = new PlaybookModel(network);
    const { tokenIds } = draw(network, random, informed);
    const sample = sampleOf(tokenIds);
    const pull = tokenIds.map(() => random.next() * 2 - 1);
    const value = (): number =>
      model.score(sample).logprobs.reduce((sum, logprob, t) => sum + pull[t]! * logprob, 0);
    const gradient = new Float64Array(network.weights.length);
    model.score(sample).backward(pull, gradient);
    const touched = [...gradient.keys()].filter((i) => gradient[i] !== 0);
    expect(touched.length).toBeGreaterThan(1000);
    const step = 1e-5;
    // A tenth of the weights, and all of the last ones, which read the exemplars.
    for (let i = 0; i < gradient.length; i++) {
      if (i % 10 !== 0 && i < gradient.length - 100) continue;
      const kept = network.weights[i]!;
      network.weights[i] = kept + step;
      const above = value();
      network.weights[i] = kept - step;
      const below = value();
      network.weights[i] = kept;
      expect(Math.abs((above - below) / (2 * step) - gradient[i]!)).toBeLessThan(1e-7);
    }
  });

  it('reports the entropy of its choices', () => {
    const { tokenIds } = draw(undefined, seededRandom(3), informed);
    const scored = new PlaybookModel(PlaybookNetwork.untrained(grammar.vocabulary.length)).score(
      sampleOf(tokenIds),
    );
    expect(scored.entropy).toBeGreaterThan(0);
    expect(scored.entropy).toBeLessThan(Math.log(grammar.vocabulary.length));
  });

  it('knows no program that the situation does not allow', () => {
    const { tokenIds } = draw(undefined, seededRandom(4));
    const none = { ...situation, available: ['huge-pages'] };
    const context = networkContext(grammar, none);
    expect(playbookSample(grammar, publishedPrior, { situation: none, context }, tokenIds)).toBeUndefined();
  });

  it('refuses weights of another size', () => {
    expect(() => new PlaybookNetwork(grammar.vocabulary.length, new Float64Array(7))).toThrow(RangeError);
  });
});

describe('what the network is conditioned on', () => {
  it('is of the order of 1 on small and on large data, whatever is known of the machine', () => {
    for (const facts of [
      { ...situation.facts, n: 1000, dim: 4, llcBytes: 0 },
      { ...situation.facts, n: 1e9, dim: 1536, M: 64, efConstruction: 1000, isa: ['neon'] },
    ]) {
      const features = contextFeatures({ ...situation, facts });
      expect(features).toHaveLength(contextSize);
      expect(features.every((value) => Number.isFinite(value) && Math.abs(value) < 6)).toBe(true);
    }
  });

  it('tells tokens of good programs from those of bad ones, and untried ones from both', () => {
    const exemplars = [
      { program: 'packed-candidate-pool; independent-sums sums=4; huge-pages fromMiB=2; end', score: 0.4 },
      { program: 'independent-sums sums=2; huge-pages fromMiB=2; end', score: 0.3 },
      { program: 'packed-candidate-pool; bitset-visited sweepKiB=16; end', score: -0.2 },
      { program: 'bitset-visited sweepKiB=128; independent-sums sums=2; end', score: -0.1 },
    ];
    const features = contrastFeatures(grammar, { ...situation, exemplars });
    const of = (rewrite: string, k: number): number =>
      features[grammar.tokenId({ kind: 'rewrite', rewrite })! * contrastSize + k]!;
    expect(of('huge-pages', 0)).toBeGreaterThan(0.5);
    expect(of('bitset-visited', 0)).toBeLessThan(-0.5);
    expect(Math.abs(of('packed-candidate-pool', 0))).toBeLessThan(0.3);
    expect(of('byte-visited-tags', 0)).toBe(0);
    // Of the best program, and usual in half of all.
    expect(of('huge-pages', 1)).toBe(0.5);
    expect(of('bitset-visited', 1)).toBe(-0.5);
    expect(of('byte-visited-tags', 2)).toBe(1);
    expect(of('bitset-visited', 2)).toBe(1 / 3);
    // A value among the programs that hold its rewrite: 4 sums were better than 2.
    const sums = (value: number): number =>
      features[
        grammar.tokenId({ kind: 'value', rewrite: 'independent-sums', parameter: 'sums', value })! *
          contrastSize
      ]!;
    expect(sums(4)).toBeGreaterThan(0);
    expect(sums(2)).toBeLessThan(0);
  });

  it('says nothing without exemplars', () => {
    expect(contrastFeatures(grammar, situation).every((value) => value === 0)).toBe(true);
  });

  it('comes back from the ledger as it was', () => {
    const logged = JSON.parse(JSON.stringify({ ...informed, grammar: grammar.version })) as Record<
      string,
      unknown
    >;
    expect(readSituation(logged)).toEqual(informed);
    expect(readSituation({ facts: situation.facts, module: 'search' })).toBeUndefined();
  });
});
