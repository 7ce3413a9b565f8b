import { endTokenId, type Grammar, type ProgramState } from './grammar.ts';

/**
 * A policy over edit programs as a table of logits.
 *
 * A program's probability is proportional to exp(sum of the logits of its rewrites and values), so sigmoid(logit) is
 * the share of programs that hold a rewrite, conflicts and the ban on empty programs aside. Drawn from left to right,
 * the logit of a rewrite therefore carries, besides its own, what the rewrites after it will contribute:
 * softplus(logit) each. `end` has none.
 */
export interface PriorTable {
  readonly version: string;
  /** Logit of including a rewrite; `default` for those not named. */
  readonly rewrites: Readonly<Record<string, number>>;
  readonly default: number;
  /** Logit of a parameter's value, `rewrite parameter=value`; 0 where not named. */
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Log-probabilities (natural) of the allowed next tokens, in the order of `grammar.allowed(state)`. `corrections`, in
 * the same order, are added to the prior's logits.
 */
export function logProbabilities(
  grammar: Grammar,
  prior: PriorTable,
  state: ProgramState,
  temperature: number,
  corrections?: ArrayLike<number>,
): readonly number[] {
  return logSoftmax(priorLogits(grammar, prior, state), temperature, corrections);
}

/** The prior's logits of the allowed next tokens, in the order of `grammar.allowed(state)`. */
export function priorLogits(grammar: Grammar, prior: PriorTable, state: ProgramState): readonly number[] {
  const allowed = grammar.allowed(state);
  return allowed.map((id) => logit(grammar, prior, allowed, id));
}

/** Log-probabilities (natural) of tempered logits. */
export function logSoftmax(
  logits: readonly number[],
  temperature: number,
  corrections?: ArrayLike<number>,
): readonly number[] {
  const tempered = logits.map((value, i) => (value + (corrections?.[i] ?? 0)) / temperature);
  const highest = Math.max(...tempered);
  const total = tempered.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return tempered.map((value) => value - highest - Math.log(total));
}

function logit(grammar: Grammar, prior: PriorTable, allowed: readonly number[], id: number): number {
  const token = grammar.vocabulary[id];
  if (token === undefined || token.kind === 'end') return 0;
  if (token.kind === 'value') {
    return prior.values[`${token.rewrite} ${token.parameter}=${token.value}`] ?? 0;
  }
  const later = allowed.filter((other) => other > id && other !== endTokenId);
  return later.reduce(
    (sum, other) => sum + softplus(rewriteLogit(grammar, prior, other)),
    rewriteLogit(grammar, prior, id),
  );
}

function rewriteLogit(grammar: Grammar, prior: PriorTable, id: number): number {
  const token = grammar.vocabulary[id];
  return token?.kind === 'rewrite' ? (prior.rewrites[token.rewrite] ?? prior.default) : 0;
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
