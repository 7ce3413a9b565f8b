import { describe, expect, it } from 'vitest';
import { LevelFit, observe } from '../../../src/engine/benchmark/levels.ts';
import type { RoundSample } from '../../../src/engine/benchmark/roundSample.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { normal, referenceSeconds, SimulatedRounds, sharedMachine } from './generativeModel.ts';

const efPairs = [
  { efReference: 10, efCandidate: 10 },
  { efReference: 20, efCandidate: 16 },
  { efReference: 20, efCandidate: 24 },
  { efReference: 40, efCandidate: 30 },
];

function exactRounds(drifts: readonly number[]): RoundSample[] {
  return efPairs.map((pair, i) => ({
    ...pair,
    processPair: 0,
    pairs: [0, 1].map((j) => ({
      first: j === 0 ? 'reference' : 'candidate',
      secondsReference: referenceSeconds(pair.efReference) * Math.exp(drifts[i]!),
      secondsCandidate: 0.5 * referenceSeconds(pair.efCandidate) * Math.exp(drifts[i]!),
    })),
  }));
}

describe('the level fit', () => {
  it('gives back exact levels where there is no drift', () => {
    const observations = observe(exactRounds([0, 0, 0, 0]));
    const levels = new LevelFit(observations).fit();
    observations.efsReference.forEach((ef, i) => {
      expect(Math.exp(levels.reference[i]!)).toBeCloseTo(referenceSeconds(ef), 9);
    });
    observations.efsCandidate.forEach((ef, i) => {
      expect(Math.exp(levels.candidate[i]!)).toBeCloseTo(0.5 * referenceSeconds(ef), 9);
    });
  });

  it('keeps the difference within every ef pair under any drift', () => {
    const observations = observe(exactRounds([0.7, -0.1, 0.3, 0]));
    const levels = new LevelFit(observations).fit();
    const lone = {
      reference: observations.efsReference.indexOf(10),
      candidate: observations.efsCandidate.indexOf(10),
    };
    expect(levels.candidate[lone.candidate]! - levels.reference[lone.reference]!).toBeCloseTo(
      Math.log(0.5),
      9,
    );
  });

  it('recovers the ratio among stolen time, half-speed phases and one absurd chunk', async () => {
    const random = seededRandom(11, 'levels');
    const machine = { ...sharedMachine, processEffect: 0, outliers: 0.1 };
    const plan = { gain: 0.1, looks: 1, processPairs: 1, pairs: 40 };
    const rounds = await new SimulatedRounds(random, machine, efPairs, plan).next(1);
    const spoilt = rounds.map((round, i) =>
      i === 0
        ? {
            ...round,
            pairs: round.pairs.map((p, j) =>
              j === 3 ? { ...p, secondsCandidate: p.secondsCandidate * 50 } : p,
            ),
          }
        : round,
    );
    const observations = observe(spoilt);
    const levels = new LevelFit(observations).fit();
    for (const pair of efPairs) {
      const fitted =
        levels.candidate[observations.efsCandidate.indexOf(pair.efCandidate)]! -
        levels.reference[observations.efsReference.indexOf(pair.efReference)]!;
      const truth = Math.log(referenceSeconds(pair.efCandidate) / referenceSeconds(pair.efReference)) - 0.1;
      // The standard error of 40 pairs of 1.4 % noise is 0.22 %; a mean would be off by more than 10 %.
      expect(Math.abs(fitted - truth)).toBeLessThan(0.01);
    }
  });

  it('needs at least one chunk pair', () => {
    expect(() => new LevelFit(observe([]))).toThrow(/no chunk pairs/);
  });

  it('has a generator whose noise is normal', () => {
    const random = seededRandom(3, 'normal');
    const draws = Array.from({ length: 20_000 }, () => normal(random));
    expect(Math.abs(draws.reduce((sum, x) => sum + x, 0) / draws.length)).toBeLessThan(0.03);
    expect(Math.abs(draws.reduce((sum, x) => sum + x * x, 0) / draws.length - 1)).toBeLessThan(0.05);
  });
});
