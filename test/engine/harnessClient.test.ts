/** The client against the real harness: every command, and every way a command can fail to end well. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexOn, measurementContext, referenceSide } from '../../src/engine/baseline.ts';
import { measureResident, screen } from '../../src/engine/benchmark/compare.ts';
import { confirm } from '../../src/engine/benchmark/confirm.ts';
import { profileReference } from '../../src/engine/benchmark/referenceProfile.ts';
import { compileState } from '../../src/engine/codeState.ts';
import { HarnessClient } from '../../src/engine/harnessClient.ts';
import { harnessPath } from '../../src/engine/native.ts';
import { referenceOutcome, withRunContext } from '../../src/engine/runContext.ts';
import { median } from '../../src/engine/statistics.ts';
import type { HarnessResult, Side } from '../../src/protocol/harness.ts';
import { createFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture?.remove());

function value<T>(result: HarnessResult<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

/** A client with the data mapped, and the reference as an importable side. */
async function withClient(work: (client: HarnessClient, side: Side) => Promise<void>, signal?: AbortSignal) {
  const { services, workspace, dataset } = fixture;
  const setup = { services, signal: new AbortController().signal };
  await withRunContext(setup, async (run) => {
    const indexed = await indexOn(run, await compileState(run, 'reference', workspace), dataset);
    const side = await referenceSide(run, indexed);
    const client = new HarnessClient({ processes: services.processes, harnessPath: harnessPath(), signal });
    try {
      value(await client.data(dataset));
      await work(client, side);
    } finally {
      await client.quit();
    }
  });
}

const seconds = 60_000;

describe('the harness client', () => {
  it('speaks every command', async () => {
    await withClient(async (client, side) => {
      expect(value(await client.hello()).version).toBe(1);
      expect(value(await client.open('a', side)).memoryBytes).toBeGreaterThan(0);
      value(await client.open('b', side));
      const rows = fixture.dataset.optimizeRows;
      const pool = { start: rows.start, count: 500 };
      const low = value(await client.answer({ side: 'a', ef: 10, k: 10, rows: pool, timeoutMs: seconds }));
      const high = value(await client.answer({ side: 'b', ef: 200, k: 10, rows: pool, timeoutMs: seconds }));
      expect(low.hits).toHaveLength(500);
      expect(low.hits.reduce((sum, hit) => sum + hit, 0) / 5000).toBeCloseTo(low.recall, 9);
      expect(high.recall).toBeGreaterThan(low.recall);
      expect(high.secondsPerQuery).toBeGreaterThan(0);
      const shuffled = { side: 'b', ef: 10, k: 10, rows: pool, order: 7, timeoutMs: seconds } as const;
      expect(value(await client.answer(shuffled)).answersHash).toBe(low.answersHash);

      const shape = { k: 10, chunk: 200, lead: 50, warm: 100, pairs: 8, rows, seed: 3, timeoutMs: seconds };
      const slowed = value(await client.round({ ...shape, efA: 40, efB: 40, slowB: 2 }));
      expect(slowed.pairs.map(({ first }) => first)).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
      // Three times the time; machines under load blur it.
      expect(median(slowed.pairs.map(({ a, b }) => b! / a))).toBeGreaterThan(1.8);
      const alone = value(await client.round({ ...shape, efA: 40 }));
      expect(alone.pairs[0]!.b).toBeUndefined();

      const single = { ef: 40, k: 10, rows: pool, seed: 1, timeoutMs: seconds };
      const latency = value(await client.latency({ ...single, side: 'a', warm: 50 }));
      expect(latency.p50).toBeLessThanOrEqual(latency.p99);
      const loaded = { ...single, side: 'a', threads: 1, minSeconds: 0.2 } as const;
      const throughput = value(await client.throughput(loaded));
      expect(throughput.queries % pool.count).toBe(0);
      expect(throughput.qps * throughput.seconds).toBeCloseTo(throughput.queries, 3);
      expect(throughput.seconds).toBeGreaterThanOrEqual(0.2);
      expect(throughput.recall).toBeGreaterThan(0);
      const overhead = value(await client.overhead({ ...single, side: 'a', chunk: 50, pairs: 3 }));
      expect(overhead.pairs.length).toBeGreaterThan(0);
      expect(value(await client.memory('b')).rssBytes).toBeGreaterThan(0);
      value(await client.close('b'));
      expect((await client.memory('b')).ok).toBe(false);
    });
  });

  it('gives failures as data and lives on', async () => {
    await withClient(async (client, side) => {
      const missing = await client.open('a', { ...side, library: '/nowhere/libmissing.so' });
      expect(missing).toMatchObject({ ok: false, failure: { stage: 'load', side: 'a' } });
      value(await client.open('a', side));
      const late = await client.answer({
        side: 'a',
        ef: 4000,
        k: 10,
        rows: fixture.dataset.optimizeRows,
        timeoutMs: 1,
      });
      expect(late).toMatchObject({ ok: false, failure: { reason: 'timeout' } });
      expect(value(await client.hello()).fork).toBe(true);
    });
  });

  it('dies whole when its signal aborts, and after quit answers with a failure', async () => {
    const controller = new AbortController();
    let pid = 0;
    await expect(
      withClient(async (client, side) => {
        pid = value(await client.hello()).pid;
        value(await client.open('a', side));
        const rows = fixture.dataset.optimizeRows;
        const long = client.answer({ side: 'a', ef: 4000, k: 10, rows, timeoutMs: seconds });
        controller.abort(new Error('enough'));
        await long;
      }, controller.signal),
    ).rejects.toThrow('enough');
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    const client = new HarnessClient({ processes: fixture.services.processes, harnessPath: harnessPath() });
    await client.quit();
    expect(await client.hello()).toMatchObject({ ok: false, failure: { reason: 'exited' } });
  });
});

describe('a comparison of the example with itself', () => {
  it('screens, measures, and finds nothing of a claimed gain', async () => {
    const { services, workspace, dataset } = fixture;
    const { signal } = new AbortController();
    await withRunContext({ services, signal }, async (run) => {
      await mkdir(join(run.scratch, 'twin'), { recursive: true });
      const indexed = await indexOn(run, await compileState(run, 'reference', workspace), dataset);
      const context = measurementContext(run, indexed, 5);
      const reference = await referenceSide(run, indexed);
      const candidate = { ...reference, scratch: join(run.scratch, 'twin') };
      const { recallWindow: window, ef } = workspace.manifest.search;
      const profile = referenceOutcome(await profileReference({ ...context, reference, window, ef }), signal);
      const input = { ...context, reference, candidate, profile, recallTolerance: 0.005 };
      const screened = referenceOutcome(await screen({ ...input, budgetSeconds: 4 }), signal);
      const { comparison } = screened;
      expect(comparison.candidate.map(({ recall }) => recall)).toEqual(
        comparison.reference.map(({ recall }) => recall),
      );
      expect(comparison.logRatio.low).toBeLessThan(comparison.logRatio.high);
      expect(comparison.samples.length).toBeGreaterThan(10);
      const resident = referenceOutcome(
        await measureResident(
          { ...input, candidateProfile: screened.candidate, budgetSeconds: 6 },
          comparison,
        ),
        signal,
      );
      expect(resident.comparison.chunk).toBeGreaterThan(comparison.chunk);
      const claim = { value: 0.5, low: 0.4, high: 0.6 };
      const confirmation = referenceOutcome(
        await confirm({ ...input, seed: 6, candidateProfile: resident.candidate, claim, budgetSeconds: 10 }),
        signal,
      );
      const { low, high } = confirmation.comparison.logRatio;
      expect(high).toBeLessThan(claim.low);
      expect(confirmation.agrees).toBe(low > 0);
      expect(confirmation.comparison.processPairs).toBe(6);
    });
  });
});
