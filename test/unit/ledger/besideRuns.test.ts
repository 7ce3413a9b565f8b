/** Records that belong to no run's work: measurements of the workspace, and what developers make of hunks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../../src/engine/journal.ts';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { type NewRecord, openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';
import { ledgerPath, summariseRuns } from '../../../src/engine/ledger/runSummary.ts';
import { runStory } from '../../../src/engine/reporting/runStory.ts';
import { resumable } from '../../../src/engine/resume.ts';
import type { LedgerRecord } from '../../../src/protocol/ledger.ts';
import { oneModuleRun, unfinishedRun } from '../reporting/sampleLedger.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-beside-'));
});
afterEach(() => rm(root, { recursive: true }));

/** Long after the runs. */
const clock = { now: () => Date.UTC(2027, 0, 1), monotonic: () => 0 };
const signal = (runId: string): NewRecord => ({
  type: 'signal',
  runId,
  candidateId: 'g1c1',
  file: 'include/hnsw/search.h',
  hunk: 'ab'.repeat(32),
  signal: 'rewritten',
  survival: 0.4,
});
const measurement: NewRecord = {
  type: 'measurement',
  runId: '20270101-000000-0000',
  workspace: { name: 'hnsw', root: '/w', hash: 'h' },
  moduleHashes: { search: 's' },
  restHash: 'r',
  dataset: { name: 'd', fingerprint: 'f', window: [0.85, 0.95] },
  machine: {},
  compiler: { version: 'g++', flags: [] },
  points: [
    {
      ef: 10,
      recall: 0.9,
      secondsPerQuery: 0.001,
      qps: 1000,
      qpsInterval: { value: 1000, low: 990, high: 1010 },
    },
  ],
  buildCpuSeconds: 1,
};

async function records(): Promise<readonly LedgerRecord[]> {
  const { records: all, problems } = await readLedger(ledgerPath(root));
  expect(problems).toEqual([]);
  return all;
}

describe('signals and measurements', () => {
  it('are read back, and change nothing of what is said of runs', async () => {
    await oneModuleRun(root);
    await unfinishedRun(root);
    const before = await records();
    const ledger = openLedger(ledgerPath(root), clock);
    await ledger.append(signal('one-module'));
    await ledger.append(signal('unfinished'));
    await ledger.append(measurement);
    const after = await records();
    expect(after.slice(before.length)).toMatchObject([
      signal('one-module'),
      signal('unfinished'),
      measurement,
    ]);
    expect(summariseRuns(after)).toEqual(summariseRuns(before));
    for (const id of ['one-module', 'unfinished']) {
      expect(runStory(after, id)).toEqual(runStory(before, id));
    }
    expect(runStory(after, measurement.runId)).toBeUndefined();
    expect(resumable(after, 'unfinished').runId).toBe('unfinished');
    expect(() => resumable(after, measurement.runId)).toThrow(/no run/);
    // The time until a developer looked at it is no time that the run has spent.
    const spent = (all: readonly LedgerRecord[]) => new Journal(ledger, 'unfinished', all).spentSeconds;
    expect(spent(after)).toBe(spent(before));
  });

  it('are refused where they are wrong', async () => {
    const ledger = openLedger(ledgerPath(root), clock);
    await expect(ledger.append({ ...signal('a'), survival: 2 } as NewRecord)).rejects.toThrow(/survival/);
    await expect(ledger.append({ ...measurement, points: [{}] } as unknown as NewRecord)).rejects.toThrow();
    expect(await records()).toEqual([]);
  });
});
