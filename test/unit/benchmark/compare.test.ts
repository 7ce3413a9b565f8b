import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../src/engine/benchmark/calibrate.ts';
import { type CompareInput, measureResident, screen } from '../../../src/engine/benchmark/compare.ts';
import { confirm } from '../../../src/engine/benchmark/confirm.ts';
import type { Outcome } from '../../../src/engine/benchmark/measurementContext.ts';
import { profileReference } from '../../../src/engine/benchmark/referenceProfile.ts';
import type { PreparedDataset } from '../../../src/protocol/dataset.ts';
import type { Side } from '../../../src/protocol/harness.ts';
import { sharedMachine } from './generativeModel.ts';
import { SimulatedHarness, type SimulatedLibrary } from './simulatedHarness.ts';

const dataset: PreparedDataset = {
  name: 'simulated',
  metric: 'euclidean',
  n: 1000,
  dim: 8,
  queries: 10_000,
  optimizeRows: { start: 0, count: 8000 },
  holdoutRows: { start: 8000, count: 2000 },
  basePath: '/data/base.fbin',
  queryPath: '/data/queries.fbin',
  truthPath: '/data/truth.bin',
  truthK: 100,
  fingerprint: 'simulated',
};
const window = [0.95, 0.985] as const;

function side(library: string): Side {
  const params = { M: 16, efConstruction: 200, seed: 42 };
  return { library, params, mode: 'import', graph: '/graph', scratch: '/scratch' };
}

const libraries: Readonly<Record<string, SimulatedLibrary>> = {
  reference: { gain: 0 },
  same: { gain: 0 },
  faster: { gain: 0.4 },
  slower: { gain: -0.2 },
  effortful: { gain: 0, effort: 1.5 },
  compact: { gain: 0.2, coldCache: 0.3 },
  crashing: { gain: 0, fail: { verb: 'round', reason: 'crash' } },
  wrong: { gain: 0, duplicates: true },
  inaccurate: { gain: 1, maximumRecall: 0.9 },
  walker: { gain: 0, coldCache: 0.3 },
};

function measured<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'measured') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

async function setUp(candidate: string, seed = 1) {
  const harness = new SimulatedHarness(libraries, sharedMachine, seed, dataset.queries);
  const context = {
    harnessPath: 'annsmith-harness',
    processes: harness.processes,
    clock: harness.clock,
    lockPath: '/lock',
    dataset,
    k: 10,
    seed,
  };
  const reference = side('reference');
  const profile = measured(await profileReference({ ...context, reference, window, ef: 'auto' }));
  const input: CompareInput = {
    ...context,
    reference,
    candidate: side(candidate),
    profile,
    budgetSeconds: 8,
    recallTolerance: 0.005,
  };
  return { harness, input, context };
}

describe('profiling the reference', () => {
  it('brackets the window and finds a chunk', async () => {
    const { input } = await setUp('same');
    const recalls = input.profile.points.map((point) => point.recall);
    expect(Math.min(...recalls)).toBeLessThan(window[0]);
    expect(Math.max(...recalls)).toBeGreaterThanOrEqual(window[1]);
    expect(input.profile.residentChunk).toBeGreaterThanOrEqual(400);
  });

  it('proposes a window to a reference that does not reach it', async () => {
    const { context } = await setUp('same');
    const reference = side('inaccurate');
    const outcome = await profileReference({ ...context, reference, window, ef: 'auto' });
    expect(outcome).toMatchObject({ kind: 'window', detail: expect.stringContaining('search.recallWindow') });
    if (outcome.kind === 'window') expect(outcome.proposed[1]).toBeLessThanOrEqual(0.9);
  });

  it('names an ef below k in a given grid', async () => {
    const { context } = await setUp('same');
    const profiled = profileReference({ ...context, reference: side('reference'), window, ef: [5, 50] });
    await expect(profiled).rejects.toThrow(/"search.ef" holds 5, below k = 10/);
  });
});

describe('screening', () => {
  it('finds a large gain at the first look and within its time', async () => {
    const { harness, input } = await setUp('faster');
    const before = harness.clock.monotonic();
    const { comparison } = measured(await screen(input));
    expect(comparison.logRatio.low).toBeLessThan(0.4);
    expect(comparison.logRatio.high).toBeGreaterThan(0.4);
    expect(comparison).toMatchObject({ mode: 'paired', stopped: 'decided', looks: 1, processPairs: 2 });
    expect((harness.clock.monotonic() - before) / 1000).toBeLessThan(15);
    expect(comparison.aucCandidate / comparison.aucReference).toBeCloseTo(
      Math.exp(comparison.logRatio.value),
      6,
    );
    expect(comparison.paired).toEqual(comparison.logRatio);
    expect(comparison.hugePages).toEqual({ reference: 0, candidate: 4096 });
    for (const { ratio } of comparison.speedupAt) expect(ratio.low).toBeGreaterThan(1.3);
    expect(harness.killed).toBe(2);
  });

  it('keeps to its budget where nothing is decided', async () => {
    const { harness, input } = await setUp('same');
    const before = harness.clock.monotonic();
    const { comparison } = measured(await screen(input));
    expect(comparison.stopped).not.toBe('decided');
    // Three loads of both sides take six simulated seconds.
    expect((harness.clock.monotonic() - before) / 1000).toBeLessThan(15);
  });

  it('calls a slower candidate slower', async () => {
    const { input } = await setUp('slower');
    expect(measured(await screen(input)).comparison.logRatio.high).toBeLessThan(0);
  });

  it('credits a candidate that needs less ef for the same recall', async () => {
    const { input } = await setUp('effortful');
    const { comparison } = measured(await screen(input));
    expect(comparison.logRatio.low).toBeGreaterThan(0.05);
    const efs = (points: readonly { ef: number }[]) => Math.max(...points.map((point) => point.ef));
    expect(efs(comparison.candidate)).toBeLessThanOrEqual(efs(comparison.reference));
  });

  it('gives failures as data, and ends the harness', async () => {
    const { harness, input } = await setUp('crashing');
    expect(await screen(input)).toMatchObject({ kind: 'failed', failure: { reason: 'crash', side: 'b' } });
    expect(harness.killed).toBe(2);
    const wrong = await setUp('wrong');
    expect(await screen(wrong.input)).toEqual({
      kind: 'rejected',
      reason: 'wrong-answers',
      detail: expect.stringMatching(/3 duplicate; first: duplicate at query row 7/),
    });
    const inaccurate = await setUp('inaccurate');
    expect(await screen(inaccurate.input)).toMatchObject({ kind: 'rejected', reason: 'recall' });
  });

  it('is cancelled by its signal', async () => {
    const { input } = await setUp('same');
    const controller = new AbortController();
    const outcome = screen({
      ...input,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(await outcome).toEqual({ kind: 'cancelled' });
    expect(await screen({ ...input, signal: AbortSignal.abort() })).toEqual({ kind: 'cancelled' });
  });
});

describe('the resident estimate', () => {
  it('is fair to a compact index that alternation chills', async () => {
    const { input } = await setUp('compact');
    const screened = measured(await screen(input));
    expect(screened.comparison.logRatio.value).toBeLessThan(0.05);
    const candidateProfile = screened.candidate;
    const resident = measured(
      await measureResident({ ...input, candidateProfile, budgetSeconds: 20 }, screened.comparison),
    );
    expect(resident.comparison.chunk).toBeGreaterThan(1000);
    expect(resident.comparison.logRatio.value).toBeGreaterThan(0.12);
    expect(resident.comparison.paired).toEqual(screened.comparison.logRatio);
    expect(resident.comparison.resident).toEqual(resident.comparison.logRatio);
  });

  it('measures no recall twice where the candidate was screened', async () => {
    const { harness, input } = await setUp('faster');
    const { candidate } = measured(await screen(input));
    const before = harness.commands.filter((line) => line.startsWith('answer')).length;
    measured(await measureResident({ ...input, candidateProfile: candidate, budgetSeconds: 16 }));
    // One answer remains: recall at the reference's largest ef, the gate.
    expect(harness.commands.filter((line) => line.startsWith('answer')).length - before).toBe(1);
  });
});

describe('confirmation', () => {
  it('uses fresh processes, another seed and held-out rows only', async () => {
    const { harness, input } = await setUp('faster');
    const { candidate, comparison } = measured(await screen(input));
    const from = harness.commands.length;
    const claim = {
      ...input,
      candidateProfile: candidate,
      claim: comparison.logRatio,
      seed: 99,
      budgetSeconds: 60,
    };
    const confirmation = measured(await confirm(claim));
    expect(confirmation.agrees).toBe(true);
    expect(confirmation.comparison.processPairs).toBe(6);
    expect(confirmation.edges.map(({ recall }) => recall)).toEqual([...window]);
    expect(confirmation.costs.candidate.latency.p99).toBeGreaterThan(0);
    const lines = harness.commands.slice(from);
    expect(lines.filter((line) => line.startsWith('open'))).toHaveLength(14);
    for (const line of lines.filter((l) => /^(answer|round|latency)/.test(l)))
      expect(line).toContain('rows=8000%3A2000');
  });

  it('does not agree with a claim that is not so', async () => {
    const { input } = await setUp('same');
    const { candidate } = measured(await screen(input));
    const claim = { value: 0.05, low: 0.03, high: 0.07 };
    const confirmed = await confirm({
      ...input,
      candidateProfile: candidate,
      claim,
      seed: 5,
      budgetSeconds: 60,
    });
    expect(measured(confirmed).agrees).toBe(false);
  });
});

describe('calibration', () => {
  it('finds no differences between equals, the injected ones, and the switching bias', async () => {
    const { context, harness } = await setUp('same', 3);
    const progress: string[] = [];
    const calibration = measured(
      await calibrate({
        ...context,
        reference: side('reference'),
        window,
        ef: 'auto',
        walkerLibrary: 'walker',
        walkerScratch: '/scratch',
        effort: { replays: 40 },
        onProgress: ({ message }) => progress.push(message),
      }),
    );
    expect(calibration.screening.replays).toBe(40);
    // Twelve exchanges are behind the replays: one of them drawn too often is no failure.
    expect(calibration.falsePositiveRate).toBeLessThanOrEqual(0.15);
    expect(calibration.processEffect.df).toBe(11);
    const called = calibration.slowdowns.filter(({ slowdown }) => slowdown >= 0.02);
    expect(called.every((injected) => injected.called && injected.seconds <= 60)).toBe(true);
    for (const { expected, logRatio } of calibration.slowdowns) {
      expect(logRatio.low).toBeLessThan(expected);
      expect(logRatio.high).toBeGreaterThan(expected);
    }
    expect(calibration.switchingBias.map(({ cacheShare }) => cacheShare)).toEqual([0.5, 1, 4]);
    for (const bias of calibration.switchingBias)
      expect(bias.paired.value).toBeGreaterThan(bias.resident.value);
    expect(harness.clock.monotonic() / 1000).toBeLessThan(8 * 60);
    expect(progress.length).toBeGreaterThan(10);
  });
});
