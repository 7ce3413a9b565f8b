/** `annsmith report` as a user meets it, from the sources. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../../src/engine/ledger/runSummary.ts';
import { fruitlessRun, oneModuleRun, SampleRun, unfinishedRun } from './sampleLedger.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
let workspace: string;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'annsmith-report-'));
  await oneModuleRun(workspace);
  await fruitlessRun(workspace);
  await unfinishedRun(workspace);
});
afterAll(() => rm(workspace, { recursive: true }));

function report(...args: string[]) {
  const command = [cli, 'report', '--workspace', workspace, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('annsmith report', () => {
  it('writes the page into the folder of the run and prints where', async () => {
    const { code, stdout, stderr } = report('one-module');
    const out = join(workspace, '.annsmith', 'runs', 'one-module', 'report.html');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${out}\n`, stderr: '' });
    const page = await readFile(out, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('+80.4');
  });

  it('takes the last run, writes where it is told, and warns that it is unfinished', async () => {
    const out = join(workspace, 'here.html');
    const { code, stdout, stderr } = report('last', '--out', out, '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('run unfinished is unfinished');
    expect(JSON.parse(stdout)).toMatchObject({ run: 'unfinished', status: 'unfinished', gain: null, out });
    expect(readFileSync(out, 'utf8')).toContain('This run is not finished');
  });

  it('names the runs there are when it is asked for another', () => {
    const { code, stdout, stderr } = report('nonesuch', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'no-such-run' } });
    expect(stderr).toContain('there is no run nonesuch');
    expect(stderr).toContain('Runs: one-module, fruitless, unfinished');
  });

  it('says what to do where there is no run at all', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'annsmith-report-'));
    try {
      const { code, stderr } = report('last', '--workspace', empty);
      expect(code).toBe(1);
      expect(stderr).toMatch(/there are no runs yet\n +Start one with `annsmith optimize`/);
    } finally {
      await rm(empty, { recursive: true });
    }
  });

  it('skips torn lines with a note, in the page too', async () => {
    const torn = await mkdtemp(join(tmpdir(), 'annsmith-report-'));
    try {
      await oneModuleRun(torn, 'whole');
      await appendFile(ledgerPath(torn), '{"v":2,"type":"resume","run');
      const headless = new SampleRun(torn, 'headless');
      await headless.end('cancelled', []);
      const { code, stdout, stderr } = report('whole', '--workspace', torn, '--json');
      expect(code).toBe(0);
      const { out, skippedLines } = JSON.parse(stdout) as { out: string; skippedLines: number[] };
      expect(skippedLines).toHaveLength(1);
      expect(stderr).toContain(`ledger.jsonl:${skippedLines[0]}: not a whole JSON record`);
      expect(readFileSync(out, 'utf8')).toContain(
        `Line ${skippedLines[0]} of the ledger: not a whole JSON record`,
      );
      expect(report('headless', '--workspace', torn).stderr).toContain(
        'the record that opens run headless cannot be read',
      );
    } finally {
      await rm(torn, { recursive: true });
    }
  });

  it('names the file that cannot be written, and leaves nothing half done', async () => {
    const file = join(workspace, 'a-file');
    await writeFile(file, '');
    const { code, stderr } = report('one-module', '--out', join(file, 'report.html'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/a-file.*\n +Name a file that can be written with --out/);
  });
});
