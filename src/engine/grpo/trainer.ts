import type { Random } from '../ports.ts';
import { type AdamState, adamStep } from './adamW.ts';
import { grpoObjective, type ObjectiveOptions, objectiveDefaults } from './objective.ts';

/** A completion as the policy in training sees it now. */
export interface Scored {
  /** Natural logarithms, one per token. */
  readonly logprobs: Float64Array;
  /** Mean over the tokens of the entropy (nats) of the choice that each was. */
  readonly entropy: number;
  /** Adds to `into` the gradient, with respect to the weights, of the sum of `gradients[t] * logprobs[t]`. */
  backward(gradients: ArrayLike<number>, into: Float64Array): void;
}

/** A policy that can be trained: its weights are changed in place. */
export interface Trainable<S> {
  readonly weights: Float64Array;
  score(sample: S): Scored;
}

/** One group: completions with what sampled them and what they may not stray from, and their advantages. */
export interface TrainingGroupOf<S> {
  readonly completions: readonly {
    readonly sample: S;
    readonly old: ArrayLike<number>;
    readonly ref: ArrayLike<number>;
  }[];
  readonly advantages: readonly number[];
}

export interface TrainerOptions extends ObjectiveOptions {
  /** Times over all groups. */
  readonly epochs: number;
  readonly groupsPerStep: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** The gradient's norm is cut to this. */
  readonly gradientNorm: number;
  /** Divergence per token from the policy that sampled at which no further epoch begins. */
  readonly stopAtKl: number;
}

export const trainerDefaults: TrainerOptions = {
  ...objectiveDefaults,
  epochs: 12,
  groupsPerStep: 1,
  learningRate: 0.01,
  weightDecay: 0.001,
  gradientNorm: 1,
  stopAtKl: 0.05,
};

export interface TrainingStats {
  readonly epochs: number;
  readonly steps: number;
  readonly lossBefore: number;
  readonly loss: number;
  /** Per token, after the update: from the reference, and from the policy that sampled. */
  readonly kl: number;
  readonly klFromOld: number;
  /** Mean over the steps. */
  readonly clipFraction: number;
  readonly gradientNorm: number;
  /** Nats per token, before and after. */
  readonly entropyBefore: number;
  readonly entropy: number;
}

/**
 * One update: several epochs over the groups. Changes the weights and `adam`. The same input gives the same weights.
 * `pause` is called after every group: it may let others work, and throws where the update is to end.
 */
export async function train<S>(
  policy: Trainable<S>,
  groups: readonly TrainingGroupOf<S>[],
  {
    adam,
    random,
    options,
    pause = async () => undefined,
  }: {
    readonly adam: AdamState;
    readonly random: Random;
    readonly options: TrainerOptions;
    readonly pause?: () => Promise<void>;
  },
): Promise<TrainingStats> {
  if (groups.length === 0) throw new RangeError('no groups to train on');
  const before = await survey(policy, groups, options, pause);
  const gradient = new Float64Array(policy.weights.length);
  let steps = 0;
  let clipped = 0;
  let norms = 0;
  let epochs = 0;
  let after = before;
  while (epochs < options.epochs && after.klFromOld <= options.stopAtKl) {
    const order = shuffled(groups, random);
    for (let at = 0; at < order.length; at += options.groupsPerStep) {
      const batch = order.slice(at, at + options.groupsPerStep);
      gradient.fill(0);
      for (const group of batch) {
        clipped += addGradient(policy, group, options, gradient) / batch.length;
        await pause();
      }
      norms += cutNorm(gradient, batch.length, options.gradientNorm);
      adamStep(policy.weights, gradient, adam, options);
      steps++;
    }
    epochs++;
    after = await survey(policy, groups, options, pause);
  }
  if (!policy.weights.every(Number.isFinite)) throw new Error('training left weights that are no numbers');
  return {
    epochs,
    steps,
    lossBefore: before.loss,
    loss: after.loss,
    kl: after.kl,
    klFromOld: after.klFromOld,
    clipFraction: steps === 0 ? 0 : clipped / steps,
    gradientNorm: steps === 0 ? 0 : norms / steps,
    entropyBefore: before.entropy,
    entropy: after.entropy,
  };
}

/** Adds a group's gradient; gives its clip fraction. */
function addGradient<S>(
  policy: Trainable<S>,
  { completions, advantages }: TrainingGroupOf<S>,
  options: TrainerOptions,
  into: Float64Array,
): number {
  const scored = completions.map(({ sample }) => policy.score(sample));
  const { gradients, clipFraction } = grpoObjective(
    completions.map(({ old, ref }, i) => ({ new: scored[i]!.logprobs, old, ref })),
    advantages,
    options,
  );
  for (const [i, { backward }] of scored.entries()) backward(gradients[i]!, into);
  return clipFraction;
}

/** Divides by the number of groups and cuts to the norm allowed; gives the norm before the cut. */
function cutNorm(gradient: Float64Array, groups: number, allowed: number): number {
  const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)) / groups;
  const scale = (norm > allowed ? allowed / norm : 1) / groups;
  for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
  return norm;
}

async function survey<S>(
  policy: Trainable<S>,
  groups: readonly TrainingGroupOf<S>[],
  options: TrainerOptions,
  pause: () => Promise<void>,
): Promise<Readonly<Record<'loss' | 'kl' | 'klFromOld' | 'entropy', number>>> {
  const sums = { loss: 0, kl: 0, klFromOld: 0, entropy: 0 };
  for (const { completions, advantages } of groups) {
    const scored = completions.map(({ sample }) => policy.score(sample));
    const against = (ref: 'ref' | 'old') =>
      grpoObjective(
        completions.map((completion, i) => ({
          new: scored[i]!.logprobs,
          old: completion.old,
          ref: completion[ref],
        })),
        advantages,
        options,
      );
    const { loss, kl } = against('ref');
    sums.loss += loss / groups.length;
    sums.kl += kl / groups.length;
    sums.klFromOld += against('old').kl / groups.length;
    sums.entropy += scored.reduce((sum, { entropy }) => sum + entropy, 0) / scored.length / groups.length;
    await pause();
  }
  return sums;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
