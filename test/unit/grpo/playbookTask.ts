import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import { createGrammar } from '../../../src/engine/policy/playbook/grammar.ts';
import { PlaybookNetwork } from '../../../src/engine/policy/playbook/network/network.ts';
import { networkContext } from '../../../src/engine/policy/playbook/network/playbookModel.ts';
import type { Situation } from '../../../src/engine/policy/playbook/network/situation.ts';
import { publishedPrior } from '../../../src/engine/policy/playbook/publishedPrior.ts';
import { type SamplingOptions, sampleTokens } from '../../../src/engine/policy/playbook/sampler.ts';
import type { Random } from '../../../src/engine/ports.ts';

/** The shipped grammar, in a situation where every rewrite fits. */
export const grammar = createGrammar(catalogue);
export const situation: Situation = {
  module: 'search',
  facts: {
    n: 60_000,
    dim: 784,
    metric: 'euclidean',
    M: 16,
    efConstruction: 200,
    isa: ['avx2'],
    llcBytes: 2 ** 25,
  },
  available: catalogue.map(({ id }) => id),
  exemplars: [],
  temperature: 1,
};

export function optionsOf(network: PlaybookNetwork | undefined, of: Situation = situation): SamplingOptions {
  const context = networkContext(grammar, of);
  return {
    grammar,
    prior: publishedPrior,
    module: of.module,
    available: new Set(of.available),
    temperature: of.temperature,
    ...(network === undefined
      ? {}
      : {
          corrections: (prefix, allowed) =>
            network.corrections(context, network.choice(context, prefix), allowed),
        }),
  };
}

export function draw(network: PlaybookNetwork | undefined, random: Random, of: Situation = situation) {
  const sampled = sampleTokens(optionsOf(network, of), random);
  if (sampled === undefined) throw new Error('nothing can be drawn');
  return sampled;
}

/** A network whose every weight is at random. */
export function randomNetwork(random: Random, scale = 0.5): PlaybookNetwork {
  const network = PlaybookNetwork.untrained(grammar.vocabulary.length);
  for (let i = 0; i < network.weights.length; i++) network.weights[i] = (random.next() * 2 - 1) * scale;
  return network;
}
