/** Seconds of one update of the built-in policy on 64 completions, on one core: 8 groups of 8, the shipped defaults. */
import { newAdamState } from '../../src/engine/grpo/adamW.ts';
import { type TrainingGroupOf, train, trainerDefaults } from '../../src/engine/grpo/trainer.ts';
import { normalisedRewards } from '../../src/engine/normalisedRewards.ts';
import { catalogue } from '../../src/engine/policy/playbook/catalogue.ts';
import { createGrammar } from '../../src/engine/policy/playbook/grammar.ts';
import { PlaybookNetwork } from '../../src/engine/policy/playbook/network/network.ts';
import {
  networkContext,
  PlaybookModel,
  type PlaybookSample,
  playbookSample,
  priorLogprobs,
} from '../../src/engine/policy/playbook/network/playbookModel.ts';
import { publishedPrior } from '../../src/engine/policy/playbook/publishedPrior.ts';
import { sampleTokens } from '../../src/engine/policy/playbook/sampler.ts';
import { seededRandom } from '../../src/engine/random.ts';
import { moduleNames } from '../../src/protocol/module.ts';

const limitSeconds = 5;
const grammar = createGrammar(catalogue);
const random = seededRandom(1, 'bench');
const facts = {
  n: 60_000,
  dim: 784,
  metric: 'euclidean' as const,
  M: 16,
  efConstruction: 200,
  isa: ['avx2'],
  llcBytes: 2 ** 25,
};

function group(module: (typeof moduleNames)[number]): TrainingGroupOf<PlaybookSample> {
  const available = catalogue.map(({ id }) => id);
  const situation = { module, facts, available, exemplars: [], temperature: 1 };
  const context = networkContext(grammar, situation);
  const options = { grammar, prior: publishedPrior, module, available: new Set(available), temperature: 1 };
  const completions = Array.from({ length: 8 }, () => {
    const drawn = sampleTokens(options, random)!;
    const sample = playbookSample(grammar, publishedPrior, { situation, context }, drawn.tokenIds)!;
    return { sample, old: drawn.logprobs, ref: priorLogprobs(sample) };
  });
  return { completions, advantages: normalisedRewards(completions.map(() => random.next())).advantages };
}

const groups = Array.from({ length: 8 }, (_, i) => group(moduleNames[i % moduleNames.length]!));
const network = PlaybookNetwork.untrained(grammar.vocabulary.length);
const started = process.cpuUsage();
const begin = performance.now();
const stats = await train(new PlaybookModel(network), groups, {
  adam: newAdamState(network.weights.length),
  random,
  // The whole of the work: no early end.
  options: { ...trainerDefaults, stopAtKl: Number.POSITIVE_INFINITY },
});
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(started);
const cpuSeconds = (user + system) / 1e6;
const tokens = groups.flatMap(({ completions }) => completions).reduce((sum, { old }) => sum + old.length, 0);
process.stdout.write(
  `update on 64 completions (${tokens} tokens, ${network.weights.length} weights, ${stats.epochs} epochs, ${stats.steps} steps): ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU; limit ${limitSeconds} s\n`,
);
if (seconds > limitSeconds) process.exitCode = 1;
