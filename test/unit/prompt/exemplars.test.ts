import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketsOf, drawExemplars, showable } from '../../../src/engine/prompt/exemplars.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import type { PastCandidate } from '../../../src/protocol/policy.ts';
import { accepted, rejected } from './promptRequest.ts';

const draw = { count: 2, temperature: 0.25, bucketWidth: 0.05 };
const bucketOf = ({ gain }: PastCandidate): number => Math.floor(gain!.value / draw.bucketWidth);

/** How often each id is drawn over many seeds. */
function frequencies(
  past: readonly PastCandidate[],
  options: typeof draw,
  draws = 4000,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < draws; seed++) {
    for (const { id } of drawExemplars(past, options, seededRandom(seed))) {
      counts.set(id, (counts.get(id) ?? 0) + 1 / draws);
    }
  }
  return counts;
}

describe('exemplars', () => {
  it('are accepted, measured, and have a patch; slower ones count', () => {
    const past = [
      accepted('faster', 0.2),
      accepted('slower', -0.2),
      accepted('no patch', 0.2, { patch: null }),
      accepted('not measured', 0.2, { gain: null }),
      accepted('no area', 0.2, { gain: { value: Number.NEGATIVE_INFINITY, low: 0, high: 0 } }),
      accepted('failed', 0.2, { verdict: { kind: 'failed', error: 'e' } }),
      rejected(
        'refused',
        { reason: 'recall', check: 'recall', detail: '' },
        { gain: { value: 1, low: 1, high: 1 } },
      ),
    ];
    expect(showable(past).map(({ id }) => id)).toEqual(['faster', 'slower']);
  });

  it('are none of none, one of one, one of one bucket', () => {
    expect(drawExemplars([], draw, seededRandom(1))).toEqual([]);
    expect(drawExemplars([accepted('a', 0.1)], draw, seededRandom(1)).map(({ id }) => id)).toEqual(['a']);
    const near = [accepted('a', 0.11), accepted('b', 0.12), accepted('c', 0.13)];
    expect(drawExemplars(near, draw, seededRandom(1))).toHaveLength(1);
  });

  it('come from distinct buckets, as many as there are up to the number wanted, from fast to slow', () => {
    const gains = fc.array(fc.double({ min: -0.6, max: 2, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(gains, fc.integer({ min: 0, max: 5 }), fc.integer(), (values, count, seed) => {
        const past = values.map((value, i) => accepted(`c${i}`, value, { patch: 'p' }));
        const drawn = drawExemplars(past, { ...draw, count }, seededRandom(seed));
        const buckets = drawn.map(bucketOf);
        expect(new Set(buckets).size).toBe(drawn.length);
        expect(drawn.length).toBe(Math.min(count, new Set(past.map(bucketOf)).size));
        expect(drawn.map(({ gain }) => gain.value)).toEqual(
          drawn.map(({ gain }) => gain.value).sort((a, b) => b - a),
        );
        for (const exemplar of drawn) expect(past).toContain(exemplar);
      }),
    );
  });

  it('are put into buckets that never mix faster and slower than the reference', () => {
    const buckets = bucketsOf(
      showable([-0.06, -0.01, 0.01, 0.049, 0.05, 0.31].map((v) => accepted(`${v}`, v))),
      0.05,
    );
    expect(buckets.map(({ index, members }) => [index, members.map(({ id }) => id)])).toEqual([
      [-2, ['-0.06']],
      [-1, ['-0.01']],
      [0, ['0.01', '0.049']],
      [1, ['0.05']],
      [6, ['0.31']],
    ]);
    expect(buckets[2]!.score).toBeCloseTo((Math.exp(0.01) + Math.exp(0.049)) / 2, 12);
  });

  it('follow the softmax over bucket scores', () => {
    const scores = [0.9, 1.2, 1.6];
    const past = scores.map((score, i) => accepted(`s${i}`, Math.log(score)));
    for (const temperature of [0.25, 1]) {
      const weights = scores.map((score) => Math.exp(score / temperature));
      const total = weights.reduce((a, b) => a + b);
      const counts = frequencies(past, { ...draw, count: 1, temperature });
      // Four standard deviations of a share of 4000 draws are at most 0.032.
      for (const [i, weight] of weights.entries()) {
        expect(Math.abs((counts.get(`s${i}`) ?? 0) - weight / total)).toBeLessThan(0.032);
      }
    }
  });

  it('are drawn alike within a bucket, and a full bucket is drawn no oftener for it', () => {
    const crowd = Array.from({ length: 5 }, (_, i) => accepted(`m${i}`, Math.log(1.2)));
    const counts = frequencies([...crowd, accepted('alone', Math.log(1.2) - 0.06)], {
      ...draw,
      count: 1,
      temperature: 100,
    });
    expect(Math.abs((counts.get('alone') ?? 0) - 0.5)).toBeLessThan(0.032);
    for (const { id } of crowd) expect(Math.abs((counts.get(id) ?? 0) - 0.1)).toBeLessThan(0.02);
  });
});
