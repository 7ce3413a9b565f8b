import { describe, expect, it } from 'vitest';
import { placeEfs } from '../../../src/engine/benchmark/efPlacement.ts';
import { pairEfs, shapeRound } from '../../../src/engine/benchmark/plan.ts';

const window = [0.85, 0.95] as const;

/** Recall 1 - (scale / ef)^power, capped: the usual shape of an HNSW curve. */
function curve(scale: number, power: number, cap = 1): (ef: number) => number {
  return (ef) => Math.min(cap, Math.max(0, 1 - (scale / ef) ** power));
}

async function place(recall: (ef: number) => number, guess: readonly number[] = []) {
  const asked: number[] = [];
  const placement = await placeEfs({
    k: 10,
    window,
    efMax: 4096,
    guess,
    recallAt: async (ef) => {
      asked.push(ef);
      return recall(ef);
    },
  });
  return { ...placement, asked };
}

describe('placing ef values', () => {
  it('brackets both edges tightly, with points between', async () => {
    for (const [scale, power] of [
      [3, 1],
      [8, 0.8],
      [20, 0.7],
      [6, 2],
    ] as const) {
      const recall = curve(scale, power);
      const { efs, reachesLow, reachesHigh, asked } = await place(recall);
      expect([reachesLow, reachesHigh]).toEqual([true, true]);
      for (const edge of window) {
        const above = Math.min(...efs.filter((ef) => recall(ef) >= edge));
        const below = efs.filter((ef) => recall(ef) < edge);
        if (recall(10) >= edge) continue;
        expect(below.length).toBeGreaterThan(0);
        const gap = above - Math.max(...below);
        expect(gap <= 2 || above / Math.max(...below) <= 1.25).toBe(true);
      }
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked.length).toBeLessThanOrEqual(16);
      expect(Math.min(...efs)).toBeGreaterThanOrEqual(10);
    }
  });

  it('starts at k where the lowest recall is above the lower edge already', async () => {
    const recall = curve(1, 1);
    const { efs, reachesLow } = await place(recall);
    expect(recall(10)).toBeGreaterThan(window[0]);
    expect(efs[0]).toBe(10);
    expect(reachesLow).toBe(true);
  });

  it('stops where more effort gains nothing', async () => {
    const { efs, reachesLow, reachesHigh, asked } = await place(curve(3, 1, 0.9));
    expect(reachesLow).toBe(true);
    expect(reachesHigh).toBe(false);
    expect(Math.max(...asked)).toBeLessThan(200);
    expect(efs.some((ef) => ef > 10)).toBe(true);
  });

  it('says that a hopeless curve does not reach the window', async () => {
    expect(await place(curve(1, 0.01, 0.1))).toMatchObject({ reachesLow: false, reachesHigh: false });
  });

  it('asks for little more than the guess where the guess fits', async () => {
    const first = await place(curve(8, 0.8));
    const second = await place(curve(8.2, 0.8), first.efs);
    expect(second.asked.length).toBeLessThanOrEqual(first.efs.length + 4);
    expect(second.asked.length).toBeLessThan(first.asked.length);
  });

  it('survives recall that is not monotone', async () => {
    const noisy = (ef: number): number => curve(8, 0.8)(ef) + 0.01 * Math.sin(ef * 12.9898);
    const { efs } = await place(noisy);
    expect(efs.length).toBeGreaterThanOrEqual(4);
    expect(efs).toEqual([...efs].sort((a, b) => a - b));
  });
});

describe('pairing ef values', () => {
  const reference = [10, 20, 40, 80].map((ef) => ({ ef, recall: 1 - 1 / ef }));

  it('covers every ef of both sides, at nearest recall', () => {
    const candidate = [12, 22, 90].map((ef) => ({ ef, recall: 1 - 1 / ef }));
    const pairs = pairEfs(reference, candidate);
    expect(new Set(pairs.map((pair) => pair.efReference))).toEqual(new Set([10, 20, 40, 80]));
    expect(new Set(pairs.map((pair) => pair.efCandidate))).toEqual(new Set([12, 22, 90]));
    expect(pairs).toContainEqual({ efReference: 80, efCandidate: 90 });
    expect(pairs).toContainEqual({ efReference: 10, efCandidate: 12 });
  });

  it('gives equals one pair per ef', () => {
    expect(pairEfs(reference, reference)).toHaveLength(4);
  });
});

describe('the shape of a round', () => {
  const wanted = { chunk: 250, lead: 60, warm: 200 };

  it('is even, fills the time and never gives a query twice', () => {
    for (const rows of [60, 500, 2000, 8000]) {
      for (const seconds of [0, 0.1, 1, 100]) {
        const shape = shapeRound(wanted, seconds, 4e-4, rows);
        expect(shape.pairs % 2).toBe(0);
        expect(shape.pairs).toBeGreaterThanOrEqual(2);
        expect(shape.warm + shape.pairs * (shape.chunk + shape.lead)).toBeLessThanOrEqual(rows);
      }
    }
    const { pairs } = shapeRound(wanted, 1, 4e-4, 8000);
    expect(pairs * 310 * 4e-4).toBeLessThanOrEqual(1);
    expect(pairs * 310 * 4e-4).toBeGreaterThan(0.7);
  });
});
