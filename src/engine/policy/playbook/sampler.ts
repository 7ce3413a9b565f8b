import type { ModuleName } from '../../../protocol/module.ts';
import type { Random } from '../../ports.ts';
import type { Grammar, ProgramState } from './grammar.ts';
import { logProbabilities, type PriorTable } from './prior.ts';

/** A program as sampled. */
export interface SampledTokens {
  readonly tokenIds: readonly number[];
  /** Natural log of each token's probability under the masked, tempered distribution it was drawn from. */
  readonly logprobs: readonly number[];
}

export interface SamplingOptions {
  readonly grammar: Grammar;
  readonly prior: PriorTable;
  readonly module: ModuleName;
  readonly available: ReadonlySet<string>;
  /** Above 0; 1 samples the prior as published. */
  readonly temperature: number;
  /** What was learned: added to the prior's logits of the tokens that may follow a prefix, in their order. */
  readonly corrections?: (prefix: readonly number[], allowed: readonly number[]) => ArrayLike<number>;
}

/** Draws one program. Undefined when no rewrite is available. */
export function sampleTokens(options: SamplingOptions, random: Random): SampledTokens | undefined {
  return walk(options, (allowed, logprobs) => {
    let left = random.next();
    // Rounding may leave a remainder after the last token, which then is the one drawn.
    const drawn = logprobs.findIndex((logprob) => {
      left -= Math.exp(logprob);
      return left < 0;
    });
    return allowed[drawn] ?? allowed.at(-1);
  });
}

/** The logprobs that `sampleTokens` would have reported for these tokens. Undefined when the mask forbids them. */
export function scoreTokens(
  options: SamplingOptions,
  tokenIds: readonly number[],
): readonly number[] | undefined {
  let at = 0;
  const scored = walk(options, (allowed) => {
    const id = tokenIds[at++];
    return id !== undefined && allowed.includes(id) ? id : undefined;
  });
  return scored?.tokenIds.length === tokenIds.length ? scored.logprobs : undefined;
}

/** Follows `choose` from the start of a program to its `end`. */
function walk(
  { grammar, prior, module, available, temperature, corrections }: SamplingOptions,
  choose: (allowed: readonly number[], logprobs: readonly number[]) => number | undefined,
): SampledTokens | undefined {
  const tokenIds: number[] = [];
  const taken: number[] = [];
  let state: ProgramState = grammar.start(module, available);
  while (!state.ended) {
    const allowed = grammar.allowed(state);
    const learned = corrections?.(tokenIds, allowed);
    const logprobs = logProbabilities(grammar, prior, state, temperature, learned);
    const id = choose(allowed, logprobs);
    const next = id === undefined ? undefined : grammar.advance(state, id);
    if (id === undefined || next === undefined) return undefined;
    tokenIds.push(id);
    taken.push(logprobs[allowed.indexOf(id)] ?? Number.NEGATIVE_INFINITY);
    state = next;
  }
  return { tokenIds, logprobs: taken };
}
