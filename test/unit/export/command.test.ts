/** `annsmith ledger export` as a user meets it, from the sources. */
import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { modelLedger } from './modelLedger.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
let workspace: string;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'annsmith-export-'));
  await modelLedger(workspace);
  await appendFile(ledgerPath(workspace), '{"v":99,"type":"group"}\n{"v":2,"type":"gro');
});
afterAll(() => rm(workspace, { recursive: true }));

function run(...args: string[]) {
  const command = [cli, 'ledger', 'export', '--workspace', workspace, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

it('prints where the file is, names lines that cannot be read, and says what was left out', async () => {
  const before = await readFile(ledgerPath(workspace));
  const { code, stdout, stderr } = run('--format', 'trl');
  const out = join(workspace, '.annsmith', 'exports', 'trl.parquet');
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${out}\n` });
  expect((await readFile(out)).subarray(0, 4).toString()).toBe('PAR1');
  const lines = before.toString().split('\n').length;
  expect(stderr).toContain(`ledger.jsonl:${lines - 1}: record version 99`);
  expect(stderr).toContain(`ledger.jsonl:${lines}: not a whole JSON record`);
  expect(stderr).toContain('left out: 4 without a prompt');
  expect(await readFile(ledgerPath(workspace))).toEqual(before);
});

it('says the same in one JSON document', () => {
  const out = join(workspace, 'pairs.jsonl');
  const { code, stdout } = run('--format', 'preference', '--out', out, '--json');
  expect(code).toBe(0);
  const document = JSON.parse(stdout) as { skippedLines: number[] };
  expect(document).toMatchObject({
    format: 'preference',
    out,
    rows: 2,
    leftOut: expect.arrayContaining([{ reason: 'no-prompt', candidates: 4 }]) as unknown,
  });
  expect(document.skippedLines).toHaveLength(2);
  const again = run('--format', 'preference', '--out', out, '--json');
  expect(again.code).toBe(1);
  expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'file-exists' } });
});

it('takes usage errors as such', () => {
  expect(run('--format', 'xml').code).toBe(2);
  expect(run().code).toBe(2);
  expect(run('--format', 'preference', '--margin', '0').code).toBe(2);
});
