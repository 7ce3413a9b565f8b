import type { Grammar, ProgramState } from '../grammar.ts';
import { logSoftmax, type PriorTable, priorLogits } from '../prior.ts';
import { contextFeatures } from './contextFeatures.ts';
import { contrastFeatures } from './contrast.ts';
import type { NetworkContext, PlaybookNetwork } from './network.ts';
import type { Situation } from './situation.ts';

/** A network that samples, by its version. */
export interface TrainedNetwork {
  readonly version: string;
  /** Version of the grammar that it was trained for. */
  readonly grammar: string;
  readonly network: PlaybookNetwork;
}

/** A program in its situation, with all that stays the same while the network learns. */
export interface PlaybookSample {
  readonly context: NetworkContext;
  readonly temperature: number;
  readonly steps: readonly {
    readonly prefix: readonly number[];
    readonly allowed: readonly number[];
    /** The prior's logits of the allowed tokens. */
    readonly prior: readonly number[];
    /** Index into `allowed`. */
    readonly chosen: number;
  }[];
}

/** How a program is seen by a network: its log-probabilities, and the way back to the weights. */
export interface ScoredProgram {
  readonly logprobs: Float64Array;
  readonly entropy: number;
  backward(gradients: ArrayLike<number>, into: Float64Array): void;
}

export function networkContext(grammar: Grammar, situation: Situation): NetworkContext {
  return { input: contextFeatures(situation), contrast: contrastFeatures(grammar, situation) };
}

/** A program to be scored. Undefined where it could not have been drawn in this situation. */
export function playbookSample(
  grammar: Grammar,
  prior: PriorTable,
  { situation, context }: { readonly situation: Situation; readonly context: NetworkContext },
  tokenIds: readonly number[],
): PlaybookSample | undefined {
  const steps: PlaybookSample['steps'][number][] = [];
  let state: ProgramState = grammar.start(situation.module, new Set(situation.available));
  for (const [i, id] of tokenIds.entries()) {
    const allowed = grammar.allowed(state);
    const next = grammar.advance(state, id);
    if (next === undefined) return undefined;
    steps.push({
      prefix: tokenIds.slice(0, i),
      allowed,
      prior: priorLogits(grammar, prior, state),
      chosen: allowed.indexOf(id),
    });
    state = next;
  }
  return state.ended ? { context, temperature: situation.temperature, steps } : undefined;
}

/** The log-probabilities of a program's tokens under the prior alone. */
export function priorLogprobs({ steps, temperature }: PlaybookSample): Float64Array {
  return Float64Array.from(steps, ({ prior, chosen }) => logSoftmax(prior, temperature)[chosen]!);
}

/** The built-in policy as a trainer sees it. */
export class PlaybookModel {
  readonly network: PlaybookNetwork;

  constructor(network: PlaybookNetwork) {
    this.network = network;
  }

  get weights(): Float64Array {
    return this.network.weights;
  }

  score({ context, steps, temperature }: PlaybookSample): ScoredProgram {
    const { network } = this;
    const seen = steps.map(({ prefix, allowed, prior, chosen }) => {
      const choice = network.choice(context, prefix);
      const corrections = network.corrections(context, choice, allowed);
      const logprobs = logSoftmax(prior, temperature, corrections);
      return { choice, allowed, chosen, logprobs };
    });
    const entropies = seen.map(({ logprobs }) =>
      logprobs.reduce((sum, logprob) => sum - Math.exp(logprob) * logprob, 0),
    );
    return {
      logprobs: Float64Array.from(seen, ({ logprobs, chosen }) => logprobs[chosen]!),
      entropy: entropies.reduce((sum, value) => sum + value, 0) / Math.max(1, entropies.length),
      backward: (gradients, into) => {
        for (const [t, { choice, allowed, chosen, logprobs }] of seen.entries()) {
          const g = gradients[t]! / temperature;
          if (g === 0 || allowed.length === 1) continue;
          const toLogits = logprobs.map((logprob, i) => g * (Number(i === chosen) - Math.exp(logprob)));
          network.backward(context, choice, { tokens: allowed, gradients: toLogits }, into);
        }
      },
    };
  }
}
