import { describe, expect, it } from 'vitest';
import { bootstrapEstimates, defaultProcessEffect } from '../../../src/engine/benchmark/bootstrap.ts';
import { observe } from '../../../src/engine/benchmark/levels.ts';
import { bankOf, countFalseCalls, estimateProcessEffect } from '../../../src/engine/benchmark/replay.ts';
import type { RecallPoint } from '../../../src/engine/benchmark/roundSample.ts';
import {
  type Decision,
  type DecisionSettings,
  decideSequentially,
} from '../../../src/engine/benchmark/sequential.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { type Machine, SimulatedRounds, sharedMachine, simulatedRecall } from './generativeModel.ts';

const efs = [14, 18, 24, 36, 60, 80];
const efPairs = efs.map((ef) => ({ efReference: ef, efCandidate: ef }));
const root = seededRandom(2026);
const recalls = simulatedRecall(efs, 400, 10, root.fork('recall'));
const window = [0.95, 0.985] as const;

function settings(label: string, looks: number): DecisionSettings {
  return {
    recallReference: recalls,
    recallCandidate: recalls,
    k: 10,
    window,
    speedupAt: [...window],
    processEffect: defaultProcessEffect,
    replicates: 100,
    random: root.fork(label),
    looks,
    equivalence: 0.01,
  };
}

interface Plan {
  readonly looks: number;
  readonly processPairs: number;
}
const screening: Plan = { looks: 1, processPairs: 2 };
const confirmation: Plan = { looks: 1, processPairs: 6 };
const calibration: Plan = { looks: 5, processPairs: 10 };

async function simulate(
  label: string,
  count: number,
  gain: number,
  plan: Plan,
  machine: Machine = sharedMachine,
): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${label} ${i}`;
    const rounds = new SimulatedRounds(root.fork(name), machine, efPairs, { ...plan, gain, pairs: 6 });
    decisions.push(await decideSequentially(rounds, settings(`${name} bootstrap`, plan.looks)));
  }
  return decisions;
}

/** Largest count that a rate of `rate` exceeds with a probability of about 1 in 1,000. */
function bound(rate: number, count: number): number {
  return rate * count + 3.1 * Math.sqrt(rate * (1 - rate) * count);
}

describe('the decision procedure', () => {
  it.each([
    ['screening', screening],
    ['confirmation', confirmation],
    ['calibration', calibration],
  ])('calls equals different in 5 %% of comparisons at most: %s', async (name, plan) => {
    const decisions = await simulate(`equals ${name}`, 120, 0, plan);
    const calls = decisions.filter((decision) => decision.stopped === 'decided').length;
    expect(calls).toBeLessThanOrEqual(bound(0.05, decisions.length));
  });

  it.each([
    ['screening', screening, 0.03],
    ['confirmation', confirmation, 0.05],
  ])('covers the truth with its interval: %s', async (name, plan, gain) => {
    const decisions = await simulate(`coverage ${name}`, 120, gain, plan);
    const misses = decisions.filter(({ logRatio }) => gain < logRatio.low || gain > logRatio.high).length;
    expect(misses).toBeLessThanOrEqual(bound(0.05, decisions.length));
  });

  it('covers the speed ratio at the edges of the window', async () => {
    const gain = 0.05;
    const decisions = await simulate('edges', 80, gain, confirmation);
    for (const edge of [0, 1]) {
      const misses = decisions.filter(({ speedups }) => {
        const { low, high } = speedups[edge]!;
        return Math.exp(gain) < low || Math.exp(gain) > high;
      });
      expect(misses.length).toBeLessThanOrEqual(bound(0.05, decisions.length));
    }
  });

  it('finds 2 % and 5 % with the process pairs that fit a minute', async () => {
    const two = await simulate('two', 60, -0.02, calibration);
    expect(two.filter(({ logRatio }) => logRatio.high < 0).length).toBeGreaterThanOrEqual(54);
    const five = await simulate('five', 60, -0.05, calibration);
    expect(five.every(({ logRatio }) => logRatio.high < 0)).toBe(true);
    const looks = five.reduce((sum, decision) => sum + decision.looks, 0) / five.length;
    expect(looks).toBeLessThan(1.5);
  });

  it('says equivalent only of equals', async () => {
    const quiet = { ...sharedMachine, processEffect: 0.001 };
    const equals = await simulate('equivalent', 10, 0, { looks: 3, processPairs: 12 }, quiet);
    expect(equals.some(({ stopped }) => stopped === 'equivalent')).toBe(true);
    const different = await simulate('not equivalent', 30, 0.02, screening);
    expect(different.every(({ stopped }) => stopped !== 'equivalent')).toBe(true);
  });

  it('repeats itself bit by bit', async () => {
    const [first] = await simulate('same', 1, 0.02, screening);
    const [second] = await simulate('same', 1, 0.02, screening);
    expect(first!.logRatio).toEqual(second!.logRatio);
  });

  it('ends with what it has when no more rounds come', async () => {
    const source = new SimulatedRounds(root.fork('short'), sharedMachine, efPairs, {
      ...screening,
      gain: 0,
      pairs: 6,
    });
    const once = { next: (look: number) => (look === 1 ? source.next(1) : Promise.resolve([])) };
    const decision = await decideSequentially(once, settings('short', 3));
    expect(decision.looks).toBe(1);
    await expect(decideSequentially({ next: async () => [] }, settings('none', 3))).rejects.toThrow(
      /no rounds/,
    );
  });
});

describe('recall in the bootstrap', () => {
  it('is uncertain together on both sides: equal answers add nothing', async () => {
    const rounds = await new SimulatedRounds(
      root.fork('quiet'),
      { ...sharedMachine, chunkNoise: 1e-6, outliers: 0, processEffect: 0 },
      efPairs,
      { ...screening, gain: 0, pairs: 6 },
    ).next(1);
    const base = { ...settings('quiet', 1), processEffect: { sd: 0, df: 8 }, observations: observe(rounds) };
    const same = bootstrapEstimates(base);
    expect(same.logRatio.standardError).toBeLessThan(1e-4);
    const other = simulatedRecall(efs, 400, 10, root.fork('other'));
    const different = bootstrapEstimates({ ...base, recallCandidate: other });
    expect(different.logRatio.standardError).toBeGreaterThan(1e-3);
  });

  it('reports no ratio at a recall that one side does not reach', async () => {
    const rounds = await new SimulatedRounds(root.fork('reach'), sharedMachine, efPairs, {
      ...screening,
      gain: 0,
      pairs: 6,
    }).next(1);
    const result = bootstrapEstimates({
      ...settings('reach', 1),
      speedupAt: [0.95, 0.9999],
      observations: observe(rounds),
    });
    expect(result.logSpeedups[0]!.value).not.toBeNaN();
    expect(result.logSpeedups[1]!.value).toBeNaN();
  });

  it('is fair to a candidate whose lowest recall is above the lower edge', async () => {
    // The candidate has its one fast point at recall 0.97: left of it, it is that fast.
    const all = (share: number): RecallPoint['hits'] =>
      Uint8Array.from({ length: 400 }, (_, i) => (i < 400 * share ? 10 : 0));
    const at = (ef: number, share: number): RecallPoint => ({
      ef,
      recall: share,
      hits: all(share),
      secondsPerQuery: 1,
    });
    const pair = (efReference: number, efCandidate: number, a: number, b: number) => ({
      efReference,
      efCandidate,
      processPair: 0,
      pairs: [0, 1, 2, 3].map(() => ({
        first: 'reference' as const,
        secondsReference: a,
        secondsCandidate: b,
      })),
    });
    const result = bootstrapEstimates({
      ...settings('fair', 1),
      observations: observe([pair(10, 10, 2e-4, 2e-4), pair(20, 10, 2e-4, 2e-4), pair(30, 20, 2e-4, 2e-4)]),
      recallReference: [at(10, 0.93), at(20, 0.96), at(30, 0.99)],
      recallCandidate: [at(10, 0.97), at(20, 0.99)],
    });
    expect(result.logRatio.value).toBeCloseTo(0, 6);
  });

  it('refuses recalls of different pools', async () => {
    const rounds = await new SimulatedRounds(root.fork('pools'), sharedMachine, efPairs, {
      ...screening,
      gain: 0,
      pairs: 6,
    }).next(1);
    const shorter = simulatedRecall(efs, 300, 10, root.fork('shorter'));
    expect(() =>
      bootstrapEstimates({
        ...settings('pools', 1),
        recallCandidate: shorter,
        observations: observe(rounds),
      }),
    ).toThrow(/different pools/);
  });
});

describe('the replayed calibration', () => {
  it('estimates the spread between processes and counts false calls', async () => {
    const source = new SimulatedRounds(root.fork('bank'), sharedMachine, efPairs, {
      looks: 48,
      processPairs: 24,
      gain: 0,
      pairs: 6,
    });
    const rounds = [];
    for (let look = 1; look <= 48; look++) rounds.push(...(await source.next(look)));
    const bank = bankOf(rounds);
    expect(bank.size).toBe(12);
    const effect = estimateProcessEffect(bank, settings('spread', 1));
    expect(effect.df).toBe(11);
    // The two loads of an exchange average the 0.7 % of a process pair.
    expect(effect.sd).toBeGreaterThan(0.0025);
    expect(effect.sd).toBeLessThan(0.009);
    const plan = {
      replays: 80,
      processPairs: 2,
      settings: { ...settings('replays', 1), processEffect: effect },
    };
    const calls = await countFalseCalls(bank, plan);
    expect(calls.replays).toBe(80);
    expect(calls.calls).toBeLessThanOrEqual(bound(0.05, 80));
    expect(calls.upperBound).toBeGreaterThan(calls.rate);
  });

  it('does call a bank whose sides differ', async () => {
    const source = new SimulatedRounds(root.fork('unequal'), sharedMachine, efPairs, {
      looks: 12,
      processPairs: 4,
      gain: 0.1,
      pairs: 6,
    });
    const rounds = [];
    for (let look = 1; look <= 12; look++) rounds.push(...(await source.next(look)));
    const calls = await countFalseCalls(bankOf(rounds), {
      replays: 20,
      processPairs: 1,
      settings: settings('unequal', 3),
    });
    expect(calls.rate).toBeGreaterThan(0.9);
  });
});
