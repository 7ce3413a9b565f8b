import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grpoObjective, type TokenLogprobs } from '../../../src/engine/grpo/objective.ts';
import { normalisedRewards } from '../../../src/engine/normalisedRewards.ts';

interface Case {
  readonly name: string;
  readonly input: {
    readonly eps: number;
    readonly beta: number;
    readonly advantageClip: number | null;
    readonly rewards: readonly number[];
    readonly completions: readonly TokenLogprobs[];
  };
  readonly expected: {
    readonly zeroVariance: boolean;
    readonly advantages: readonly number[];
    readonly terms: readonly (readonly number[])[];
    readonly loss: number;
    readonly gradients: readonly (readonly number[])[];
    readonly kl: number;
    readonly clipFraction: number;
  };
}

const { cases, tolerance } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../vectors/grpo.json'), 'utf8'),
) as { readonly cases: readonly Case[]; readonly tolerance: number };

function expectClose(actual: readonly ArrayLike<number>[], expected: readonly (readonly number[])[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, row] of expected.entries()) {
    for (const [t, value] of row.entries()) expect(Math.abs(actual[i]![t]! - value)).toBeLessThan(tolerance);
  }
}

describe('the objective', () => {
  it.each(cases)('gives the shared vectors: $name', ({ input, expected }) => {
    const { rewards, advantageClip, completions, ...options } = input;
    const { advantages, zeroVariance } = normalisedRewards(rewards, advantageClip ?? undefined);
    expect(zeroVariance).toBe(expected.zeroVariance);
    expectClose([advantages], [expected.advantages]);
    const objective = grpoObjective(completions, advantages, options);
    expectClose(objective.terms, expected.terms);
    expectClose(objective.gradients, expected.gradients);
    expectClose(
      [[objective.loss, objective.kl, objective.clipFraction]],
      [[expected.loss, expected.kl, expected.clipFraction]],
    );
  });

  const logprob = fc.double({ min: -6, max: -0.01, noNaN: true });
  const completion = fc
    .array(fc.tuple(logprob, fc.double({ min: -0.8, max: 0.8, noNaN: true }), logprob), {
      minLength: 1,
      maxLength: 5,
    })
    .map((tokens) => ({
      new: tokens.map(([now]) => now),
      old: tokens.map(([now, shift]) => now + shift),
      ref: tokens.map(([, , ref]) => ref),
    }));
  const group = fc.array(fc.tuple(completion, fc.double({ min: -1.5, max: 2, noNaN: true })), {
    minLength: 2,
    maxLength: 6,
  });
  const options = { eps: 0.2, beta: 0.02 };
  const objectiveOf = (members: readonly (readonly [TokenLogprobs, number])[]) =>
    grpoObjective(
      members.map(([tokens]) => tokens),
      normalisedRewards(members.map(([, reward]) => reward)).advantages,
      options,
    );

  it('has the gradients that small changes show', () => {
    fc.assert(
      fc.property(group, fc.nat(), fc.nat(), (members, which, where) => {
        const i = which % members.length;
        const t = where % members[i]![0].new.length;
        const { new: now, old } = members[i]![0];
        const ratio = Math.exp(now[t]! - old[t]!);
        // On the edges of the clip there is no derivative.
        fc.pre(Math.abs(ratio - 1.2) > 1e-4 && Math.abs(ratio - 0.8) > 1e-4);
        const moved = (by: number): number =>
          objectiveOf(
            members.map(([tokens, reward], j) => [
              j === i
                ? { ...tokens, new: Array.from(tokens.new, (value, u) => (u === t ? value + by : value)) }
                : tokens,
              reward,
            ]),
          ).loss;
        const step = 1e-6;
        const slope = (moved(step) - moved(-step)) / (2 * step);
        const gradient = objectiveOf(members).gradients[i]![t]!;
        expect(Math.abs(slope - gradient)).toBeLessThan(1e-5 * Math.max(1, Math.abs(gradient)));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is minus the weighted sum of its terms, with a divergence that is never negative', () => {
    fc.assert(
      fc.property(group, (members) => {
        const { loss, terms, kl, clipFraction } = objectiveOf(members);
        const mean = (values: ArrayLike<number>): number =>
          Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
        expect(loss).toBeCloseTo(-mean(terms.map(mean)), 9);
        expect(kl).toBeGreaterThanOrEqual(0);
        expect(clipFraction >= 0 && clipFraction <= 1).toBe(true);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('does not depend on the order of completions, nor on scale and offset of the rewards', () => {
    fc.assert(
      fc.property(group, fc.double({ min: 0.5, max: 4, noNaN: true }), (members, scale) => {
        const { loss } = objectiveOf(members);
        expect(objectiveOf(members.toReversed()).loss).toBeCloseTo(loss, 9);
        fc.pre(!normalisedRewards(members.map(([, reward]) => reward / 100)).zeroVariance);
        expect(objectiveOf(members.map(([tokens, r]) => [tokens, 3 + scale * r])).loss).toBeCloseTo(loss, 5);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('refuses completions without tokens, or with fewer probabilities than tokens', () => {
    const empty = { new: [], old: [], ref: [] };
    expect(() => grpoObjective([empty], [0], options)).toThrow(RangeError);
    expect(() => grpoObjective([{ new: [-1], old: [], ref: [-1] }], [0], options)).toThrow(RangeError);
    expect(() => grpoObjective([], [], options)).toThrow(RangeError);
  });
});
