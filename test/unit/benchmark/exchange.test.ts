import { describe, expect, it } from 'vitest';
import { LevelFit, observe } from '../../../src/engine/benchmark/levels.ts';
import { exchangeOf, loadedFirst, openPair } from '../../../src/engine/benchmark/measurementContext.ts';
import type { RoundSample } from '../../../src/engine/benchmark/roundSample.ts';
import type { HarnessClient } from '../../../src/engine/harnessClient.ts';
import type { Side } from '../../../src/protocol/harness.ts';

/** A round of the candidate, `log` slower than the reference by its place in memory. */
function round(processPair: number, log: number, turns = 3): RoundSample {
  const pair = { secondsReference: 1e-4, secondsCandidate: 1e-4 * Math.exp(log) };
  const pairs = Array.from({ length: 2 * turns }, (_, i) => ({
    ...pair,
    first: i % 2 === 0 ? ('reference' as const) : ('candidate' as const),
  }));
  return { processPair, efReference: 20, efCandidate: 20, pairs };
}

function difference(rounds: readonly RoundSample[]): number {
  const { reference, candidate } = new LevelFit(observe(rounds)).fit();
  return candidate[0]! - reference[0]!;
}

describe('exchanges', () => {
  it('what a place in memory does to one side cancels over the two loads', () => {
    expect(difference([round(0, 0.03 - 0.01), round(1, -0.03 - 0.01)])).toBeCloseTo(-0.01, 9);
    const one = observe([round(0, 0.03), round(1, -0.03)]);
    expect([...one.difference].every((value) => Math.abs(value) < 1e-12)).toBe(true);
    expect(new Set(one.exchangeOf).size).toBe(1);
  });

  it('what the order within a turn does cancels too', () => {
    const pairs = round(0, 0).pairs.map((pair, i) => ({
      ...pair,
      secondsCandidate: pair.secondsReference * (i % 2 === 0 ? 1.05 : 1 / 1.05),
    }));
    const { difference: turns } = observe([{ ...round(0, 0), pairs }]);
    expect(turns).toHaveLength(3);
    expect([...turns].every((value) => Math.abs(value) < 1e-12)).toBe(true);
  });

  it('loads of different length and a load without a partner lose nothing but the surplus', () => {
    expect(observe([round(0, 0, 3), round(1, 0, 5)]).difference).toHaveLength(3);
    expect(observe([round(0, 0, 4)]).difference).toHaveLength(4);
    const mixed = observe([round(0, 0, 2), round(1, 0, 2), round(2, 0, 2)]);
    expect([...mixed.exchangeOf]).toEqual([0, 1]);
  });

  it('a new load closes first the side that it opens first, and each side is first once in an exchange', async () => {
    const calls: string[] = [];
    const client = {
      close: async (side: string) => ({ ok: true, value: calls.push(`close ${side}`) }),
      open: async (side: string) => ({ ok: true, value: calls.push(`open ${side}`) }),
    } as unknown as HarnessClient;
    const sides = { reference: {} as Side, candidate: {} as Side };
    await openPair(client, sides, { replace: true, first: loadedFirst(1) });
    await openPair(client, sides, { replace: true, first: loadedFirst(2) });
    const candidateFirst = ['close b', 'close a', 'open b', 'open a'];
    expect(calls).toEqual([...candidateFirst, 'close a', 'close b', 'open a', 'open b']);
    expect([0, 1, 2, 3, 4].map(exchangeOf)).toEqual([0, 0, 1, 1, 2]);
    const [reference, candidate] = ['reference', 'candidate'];
    expect([0, 1, 2, 3].map(loadedFirst)).toEqual([reference, candidate, reference, candidate]);
  });
});
