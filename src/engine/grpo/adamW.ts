/** What AdamW remembers between steps. Changed in place. */
export interface AdamState {
  step: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

export interface AdamOptions {
  readonly learningRate: number;
  /** Decoupled from the gradient (Loshchilov & Hutter 2019). */
  readonly weightDecay: number;
}

const beta1 = 0.9;
const beta2 = 0.99;
const epsilon = 1e-8;

export function newAdamState(size: number): AdamState {
  return { step: 0, first: new Float64Array(size), second: new Float64Array(size) };
}

/** One step against the gradient; changes `weights` and `state`. */
export function adamStep(
  weights: Float64Array,
  gradient: Float64Array,
  state: AdamState,
  { learningRate, weightDecay }: AdamOptions,
): void {
  state.step++;
  const firstBias = 1 - beta1 ** state.step;
  const secondBias = 1 - beta2 ** state.step;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]!;
    const first = beta1 * state.first[i]! + (1 - beta1) * g;
    const second = beta2 * state.second[i]! + (1 - beta2) * g * g;
    state.first[i] = first;
    state.second[i] = second;
    const direction = first / firstBias / (Math.sqrt(second / secondBias) + epsilon);
    weights[i]! -= learningRate * (direction + weightDecay * weights[i]!);
  }
}
