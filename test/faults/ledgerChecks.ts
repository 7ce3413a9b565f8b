/** What must hold of a ledger, whatever happened to the run that wrote it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LedgerRecord, ledgerRecordSchema, type RecordOf } from '../../src/protocol/ledger.ts';

export interface ExpectedCandidate {
  readonly id: string;
  readonly program: string;
  readonly patchHash: string | null;
}

/** Every line that is a record. Torn lines are left out; how many there are is for the caller to judge. */
export function recordsIn(text: string): { readonly records: LedgerRecord[]; readonly torn: number } {
  const records: LedgerRecord[] = [];
  let torn = 0;
  for (const line of text.split('\n').filter((l) => l !== '')) {
    try {
      records.push(ledgerRecordSchema.parse(JSON.parse(line)));
    } catch {
      torn++;
    }
  }
  return { records, torn };
}

export function ofRun<T extends LedgerRecord['type']>(
  records: readonly LedgerRecord[],
  runId: string,
  type: T,
): RecordOf<T>[] {
  return records.filter((r): r is RecordOf<T> => r.runId === runId && r.type === type);
}

/** The run that was started with this seed. */
export function runOf(records: readonly LedgerRecord[], seed: number): RecordOf<'run'> | undefined {
  const runs = records.filter((r): r is RecordOf<'run'> => r.type === 'run' && r.seed === seed);
  expect(runs.length, `runs with the seed ${seed}`).toBeLessThan(2);
  return runs[0];
}

export function isDone(records: readonly LedgerRecord[], runId: string): boolean {
  const last = records.findLast((r) => r.runId === runId && (r.type === 'run-end' || r.type === 'resume'));
  return last?.type === 'run-end' && last.status === 'done';
}

/** A finished run is complete, and nothing in it was done twice. */
export function checkFinishedRun(
  records: readonly LedgerRecord[],
  runId: string,
  expected: readonly ExpectedCandidate[] | undefined,
): void {
  const all = <T extends LedgerRecord['type']>(type: T): RecordOf<T>[] => ofRun(records, runId, type);
  const once = (what: string, keys: readonly string[]): void => {
    expect(keys.toSorted(), `${what} of ${runId}, each once`).toEqual([...new Set(keys)].toSorted());
  };
  expect(isDone(records, runId), `${runId} is done`).toBe(true);
  once(
    'runs',
    all('run').map((r) => r.runId),
  );
  once(
    'groups',
    all('group').map((r) => r.groupId),
  );
  once(
    'completions',
    all('completion').map((r) => r.candidateId),
  );
  once(
    'judgements',
    all('judgement').map((r) => r.candidateId),
  );
  once(
    'ends of groups',
    all('group-end').map((r) => r.groupId),
  );
  once(
    'confirmations',
    all('confirmation').map((r) => r.candidateId),
  );
  once(
    'ablations',
    all('ablation').map((r) => `${r.patchHash}/${r.against}`),
  );
  once(
    'ends of modules',
    all('module-end').map((r) => r.module),
  );
  once(
    'totals',
    all('total').map(() => 'total'),
  );

  const [run] = all('run');
  expect(all('module-end').map((r) => r.module)).toEqual(run!.modules);
  const judged = all('judgement').map((r) => r.candidateId);
  expect(judged.toSorted()).toEqual(
    all('completion')
      .map((r) => r.candidateId)
      .toSorted(),
  );
  for (const group of all('group')) {
    const members = all('completion').filter((r) => r.groupId === group.groupId);
    expect(members.length, `completions of ${group.groupId}`).toBe(group.completions);
    const rewarded = all('judgement').filter((r) => r.groupId === group.groupId && r.reward !== null);
    const end = all('group-end').find((r) => r.groupId === group.groupId);
    expect(Object.keys(end?.rewards ?? {}).toSorted(), `rewards of ${group.groupId}`).toEqual(
      rewarded.map((r) => r.candidateId).toSorted(),
    );
  }
  if (expected !== undefined) {
    const found = all('completion').map((r) => ({
      id: r.candidateId,
      program: r.text,
      patchHash: r.patchHash,
    }));
    expect(sortedById(found)).toEqual(sortedById(expected));
  }
}

/** Best first in one report may be another order in the next: the clock decides. */
export function sortedById<T extends { readonly id: string }>(candidates: readonly T[]): T[] {
  return candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The patches beside the ledger are those that it tells of. */
export async function checkPatches(
  workspace: string,
  records: readonly LedgerRecord[],
  runId: string,
): Promise<void> {
  const folder = join(workspace, '.annsmith', 'runs', runId);
  for (const { candidateId, patch } of ofRun(records, runId, 'completion')) {
    if (patch !== null) expect(await readFile(join(folder, `${candidateId}.patch`), 'utf8')).toBe(patch);
  }
  const [total] = ofRun(records, runId, 'total');
  if (total !== undefined) {
    expect(await readFile(join(folder, 'best.patch'), 'utf8')).toBe(total.patch);
  }
}
