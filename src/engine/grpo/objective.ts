/** Log-probabilities (natural) of one completion's tokens: under the policy in training, the one that sampled, the reference. */
export interface TokenLogprobs {
  readonly new: ArrayLike<number>;
  readonly old: ArrayLike<number>;
  readonly ref: ArrayLike<number>;
}

export interface ObjectiveOptions {
  /** Ratios are clipped to [1 - eps, 1 + eps]. */
  readonly eps: number;
  /** Weight of the divergence from the reference. */
  readonly beta: number;
}

/** DESIGN's defaults. */
export const objectiveDefaults: ObjectiveOptions = { eps: 0.2, beta: 0.02 };

export interface Objective {
  /** To be made small: minus the mean over completions of the mean over their tokens of the terms. */
  readonly loss: number;
  /** Per token: min(rho A, clip(rho, 1 - eps, 1 + eps) A) - beta KL. */
  readonly terms: readonly Float64Array[];
  /** Of the loss with respect to each new log-probability. */
  readonly gradients: readonly Float64Array[];
  /** Mean over completions of the mean over their tokens of exp(d) - d - 1, d = log ref - log new. */
  readonly kl: number;
  /** Share of the tokens whose clipped term is the lesser one, so that they do not pull. */
  readonly clipFraction: number;
}

/**
 * The objective of GRPO for one group, one advantage per completion. `test/vectors/grpo.json` holds what every
 * implementation of it must give. @throws RangeError where lengths differ or a completion has no tokens.
 */
export function grpoObjective(
  completions: readonly TokenLogprobs[],
  advantages: readonly number[],
  { eps, beta }: ObjectiveOptions,
): Objective {
  if (completions.length === 0 || completions.length !== advantages.length) {
    throw new RangeError(`${completions.length} completions have ${advantages.length} advantages`);
  }
  const terms: Float64Array[] = [];
  const gradients: Float64Array[] = [];
  let loss = 0;
  let kl = 0;
  let clipped = 0;
  let tokens = 0;
  for (const [i, { new: now, old, ref }] of completions.entries()) {
    const { length } = now;
    if (length === 0 || old.length !== length || ref.length !== length) {
      throw new RangeError(
        `completion ${i}: ${length} new, ${old.length} old, ${ref.length} reference tokens`,
      );
    }
    const advantage = advantages[i]!;
    const weight = 1 / (completions.length * length);
    const ownTerms = new Float64Array(length);
    const ownGradients = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      const ratio = Math.exp(now[t]! - old[t]!);
      const plain = ratio * advantage;
      const bounded = Math.max(1 - eps, Math.min(1 + eps, ratio)) * advantage;
      const isClipped = bounded < plain;
      const toReference = Math.exp(ref[t]! - now[t]!);
      const divergence = toReference - (ref[t]! - now[t]!) - 1;
      ownTerms[t] = Math.min(plain, bounded) - beta * divergence;
      ownGradients[t] = -weight * ((isClipped ? 0 : plain) - beta * (1 - toReference));
      loss -= weight * ownTerms[t]!;
      kl += weight * divergence;
      if (isClipped) clipped++;
    }
    tokens += length;
    terms.push(ownTerms);
    gradients.push(ownGradients);
  }
  return { loss, terms, gradients, kl, clipFraction: clipped / tokens };
}
