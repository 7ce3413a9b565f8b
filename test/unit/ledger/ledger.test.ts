import { appendFile, mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLedger } from '../../../src/engine/ledger/ledgerReader.ts';
import { ensureStateFolder, type NewRecord, openLedger } from '../../../src/engine/ledger/ledgerWriter.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
});
afterEach(() => rm(folder, { recursive: true }));

const clock = { now: () => Date.UTC(2026, 0, 2), monotonic: () => 0 };
const end = (runId: string): NewRecord => ({
  type: 'run-end',
  runId,
  status: 'done',
  best: [],
  applied: false,
});

describe('ledger', () => {
  it('reads back what was written, in order, also when appends are not awaited one by one', async () => {
    const path = join(folder, 'ledger.jsonl');
    const ledger = openLedger(path, clock);
    await Promise.all(['a', 'b', 'c'].map((id) => ledger.append(end(id))));
    const { records, problems } = await readLedger(path);
    expect(records.map((r) => r.runId)).toEqual(['a', 'b', 'c']);
    expect(records[0]).toMatchObject({ v: 2, at: '2026-01-02T00:00:00.000Z' });
    expect(problems).toEqual([]);
  });

  it('loses at most the torn record, whatever the byte of the tear', async () => {
    const path = join(folder, 'ledger.jsonl');
    await openLedger(path, clock).append(end('first'));
    const whole = (await stat(path)).size;
    await openLedger(path, clock).append(end('torn'));
    const both = await readFile(path);
    for (let size = whole; size < both.length - 1; size++) {
      await truncate(path, 0);
      await appendFile(path, both.subarray(0, size));
      await openLedger(path, clock).append(end('after'));
      const { records, problems } = await readLedger(path);
      expect(records.map((r) => r.runId)).toEqual(['first', 'after']);
      expect(problems.length).toBe(size === whole ? 0 : 1);
    }
  });

  it('skips records of another version and broken fields, and says which line', async () => {
    const path = join(folder, 'ledger.jsonl');
    const ledger = openLedger(path, clock);
    await ledger.append(end('a'));
    await appendFile(
      path,
      '{"v":3,"type":"new"}\n{"v":2,"type":"run-end","at":"2026-01-02T00:00:00.000Z","runId":1}\n',
    );
    await ledger.append(end('b'));
    const { records, problems } = await readLedger(path);
    expect(records.map((r) => r.runId)).toEqual(['a', 'b']);
    expect(problems.map((p) => p.line)).toEqual([2, 3]);
    expect(problems[0]?.problem).toContain('version 3');
    expect(problems[1]?.problem).toContain('runId');
  });

  it('a missing ledger is empty', async () => {
    expect(await readLedger(join(folder, 'none'))).toEqual({ records: [], problems: [] });
  });

  it('refuses a record of the wrong shape before anything is written', async () => {
    const path = join(folder, 'ledger.jsonl');
    await expect(
      openLedger(path, clock).append({
        type: 'run-end',
        runId: 'x',
        status: 'perhaps',
        best: null,
      } as unknown as NewRecord),
    ).rejects.toThrow();
    expect((await readLedger(path)).records).toEqual([]);
  });

  it('the state folder ignores itself in git', async () => {
    const state = await ensureStateFolder(folder);
    await ensureStateFolder(folder);
    expect(await readFile(join(state, '.gitignore'), 'utf8')).toBe('*\n');
  });
});
