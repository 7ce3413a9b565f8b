import { seededRandom } from '../../../random.ts';
import { contextSize } from './contextFeatures.ts';
import { contrastSize } from './contrast.ts';

/** Raised when features or weights change their meaning: weights of another layout are of no use. */
export const networkLayout = 1;
export const defaultHidden = 24;

/** The network's weights by part: views of one array, changed with it. */
interface Parts {
  readonly input: Float64Array;
  readonly bias: Float64Array;
  /** Per token: what having it in the program, and having it last, adds. */
  readonly seen: Float64Array;
  readonly last: Float64Array;
  readonly output: Float64Array;
  readonly outputBias: Float64Array;
  /** How much each contrast feature counts, from the hidden units. */
  readonly gate: Float64Array;
  readonly gateBias: Float64Array;
}

/** One choice of a token: what backpropagation needs of it. */
export interface Choice {
  readonly prefix: readonly number[];
  readonly hidden: Float64Array;
}

/** A context as it enters the network. */
export interface NetworkContext {
  readonly input: Float64Array;
  /** Per token of the vocabulary, `contrastSize` each. */
  readonly contrast: Float64Array;
}

/**
 * What the policy has learned: a correction to the prior's logits, by context, by the tokens so far and by what the
 * exemplars say of each token. A layer of tanh units, then linear; its output is 0 until it is trained.
 *
 *     h = tanh(W x + b + sum over the prefix of seen + last)
 *     correction(token) = out . h + outBias + (Gate h + gateBias) . contrast(token)
 */
export class PlaybookNetwork {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly weights: Float64Array;
  readonly #parts: Parts;

  /** @throws RangeError where the weights are not as many as the sizes ask for. */
  constructor(vocabulary: number, weights: Float64Array, hidden = defaultHidden) {
    if (weights.length !== weightCount(vocabulary, hidden)) {
      throw new RangeError(
        `${weights.length} weights, not the ${weightCount(vocabulary, hidden)} of this network`,
      );
    }
    this.vocabulary = vocabulary;
    this.hidden = hidden;
    this.weights = weights;
    this.#parts = partsOf(weights, vocabulary, hidden);
  }

  /** A network that changes nothing yet. */
  static untrained(vocabulary: number, hidden = defaultHidden): PlaybookNetwork {
    const weights = new Float64Array(weightCount(vocabulary, hidden));
    const { input, seen, last } = partsOf(weights, vocabulary, hidden);
    const random = seededRandom('playbook-network');
    const scales = [
      [input, 1 / Math.sqrt(contextSize)],
      [seen, 0.3],
      [last, 0.3],
    ] as const;
    for (const [part, scale] of scales) {
      // Uniform, of this standard deviation.
      for (let i = 0; i < part.length; i++) part[i] = (random.next() * 2 - 1) * scale * Math.sqrt(3);
    }
    return new PlaybookNetwork(vocabulary, weights, hidden);
  }

  copy(): PlaybookNetwork {
    return new PlaybookNetwork(this.vocabulary, this.weights.slice(), this.hidden);
  }

  /** Hidden units after a prefix. */
  choice({ input }: NetworkContext, prefix: readonly number[]): Choice {
    const { hidden } = this;
    const { input: weights, bias, seen, last } = this.#parts;
    const units = bias.slice();
    for (let i = 0; i < hidden; i++) {
      let sum = units[i]!;
      for (let j = 0; j < contextSize; j++) sum += weights[i * contextSize + j]! * input[j]!;
      for (const token of prefix) sum += seen[token * hidden + i]!;
      const previous = prefix.at(-1);
      if (previous !== undefined) sum += last[previous * hidden + i]!;
      units[i] = Math.tanh(sum);
    }
    return { prefix, hidden: units };
  }

  /** What is added to the logits of these tokens. */
  corrections(
    { contrast }: NetworkContext,
    { hidden: units }: Choice,
    tokens: readonly number[],
  ): Float64Array {
    const { hidden } = this;
    const { output, outputBias, gate, gateBias } = this.#parts;
    const gates = gateBias.map((start, k) => start + dot(gate, k * hidden, units));
    return Float64Array.from(tokens, (token) => {
      let sum = outputBias[token]! + dot(output, token * hidden, units);
      for (let k = 0; k < contrastSize; k++) sum += gates[k]! * contrast[token * contrastSize + k]!;
      return sum;
    });
  }

  /** Adds to `into`, laid out as the weights, the gradient of the sum of `gradients[i] * corrections[i]`. */
  backward(
    { input, contrast }: NetworkContext,
    { prefix, hidden: units }: Choice,
    { tokens, gradients }: { readonly tokens: readonly number[]; readonly gradients: ArrayLike<number> },
    into: Float64Array,
  ): void {
    const { hidden } = this;
    const { output, gate } = this.#parts;
    const to = partsOf(into, this.vocabulary, hidden);
    const toUnits = new Float64Array(hidden);
    const toGates = new Float64Array(contrastSize);
    for (const [i, token] of tokens.entries()) {
      const g = gradients[i]!;
      to.outputBias[token]! += g;
      addScaled(to.output, token * hidden, units, g);
      for (let j = 0; j < hidden; j++) toUnits[j]! += g * output[token * hidden + j]!;
      for (let k = 0; k < contrastSize; k++) toGates[k]! += g * contrast[token * contrastSize + k]!;
    }
    for (let k = 0; k < contrastSize; k++) {
      to.gateBias[k]! += toGates[k]!;
      addScaled(to.gate, k * hidden, units, toGates[k]!);
      for (let j = 0; j < hidden; j++) toUnits[j]! += toGates[k]! * gate[k * hidden + j]!;
    }
    const previous = prefix.at(-1);
    for (let i = 0; i < hidden; i++) {
      const g = toUnits[i]! * (1 - units[i]! ** 2);
      to.bias[i]! += g;
      for (let j = 0; j < contextSize; j++) to.input[i * contextSize + j]! += g * input[j]!;
      for (const token of prefix) to.seen[token * hidden + i]! += g;
      if (previous !== undefined) to.last[previous * hidden + i]! += g;
    }
  }
}

function sizes(vocabulary: number, hidden: number): readonly number[] {
  const perToken = vocabulary * hidden;
  return [
    contextSize * hidden,
    hidden,
    perToken,
    perToken,
    perToken,
    vocabulary,
    contrastSize * hidden,
    contrastSize,
  ];
}

export function weightCount(vocabulary: number, hidden: number): number {
  return sizes(vocabulary, hidden).reduce((sum, size) => sum + size, 0);
}

function partsOf(weights: Float64Array, vocabulary: number, hidden: number): Parts {
  let at = 0;
  const [input, bias, seen, last, output, outputBias, gate, gateBias] = sizes(vocabulary, hidden).map(
    (size) => {
      at += size;
      return weights.subarray(at - size, at);
    },
  );
  return {
    input: input!,
    bias: bias!,
    seen: seen!,
    last: last!,
    output: output!,
    outputBias: outputBias!,
    gate: gate!,
    gateBias: gateBias!,
  };
}

function dot(matrix: Float64Array, from: number, vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += matrix[from + i]! * vector[i]!;
  return sum;
}

function addScaled(into: Float64Array, from: number, vector: Float64Array, scale: number): void {
  for (let i = 0; i < vector.length; i++) into[from + i]! += scale * vector[i]!;
}
