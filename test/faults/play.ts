/** Plays a schedule of faults against one run, resumes it until it is done, and checks what must hold meanwhile. */
import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { OptimizeReport } from '../../src/protocol/optimize.ts';
import { type CliOptions, type CliRun, type Ended, startCli } from './cli.ts';
import { damagedPath } from './damage.ts';
import { type Home, ledgerText, leftovers, userFiles } from './home.ts';
import {
  checkFinishedRun,
  checkPatches,
  type ExpectedCandidate,
  isDone,
  ofRun,
  recordsIn,
  runOf,
  sortedById,
} from './ledgerChecks.ts';
import { processesOf, survivors } from './processes.ts';
import { describeFault, type Fault } from './schedule.ts';

/** Programs that the test compiled for itself. */
export interface Tools {
  readonly diskFaults: string;
  readonly awaitExit: string;
}

export interface Play {
  readonly home: Home;
  readonly tools: Tools;
  readonly faults: readonly Fault[];
  readonly runSeed: number;
  /** Arguments of `optimize` beside workspace and seed. */
  readonly args: readonly string[];
  /** What an uninterrupted run samples; undefined where that depends on what is measured. */
  readonly expected: readonly ExpectedCandidate[] | undefined;
}

/** Of the first rival; each has another. */
const rivalSeed = 1000;

/** Each fault may cut a run off; one that is not disturbed ends. */
export async function play(scene: Play, tell: (line: string) => void): Promise<void> {
  const { home, faults } = scene;
  const before = await userFiles(home);
  let report: OptimizeReport | undefined;
  let rivals = 0;
  for (const fault of [...faults, undefined]) {
    tell(fault === undefined ? 'undisturbed' : describeFault(fault));
    if (fault?.kind === 'tear') await tear(home, fault.share, tell);
    else if (fault?.kind === 'damage') await damage(home, fault, tell);
    else {
      const { printed, rival } = await session(scene, fault, tell, rivalSeed + rivals);
      if (rival) rivals++;
      report = printed ?? report;
    }
    expect(await userFiles(home), 'the files of the user').toEqual(before);
  }
  // A tear may have taken the end of a rival.
  for (let i = 0; i < rivals; i++) await session({ ...scene, runSeed: rivalSeed + i }, undefined, tell);
  const { records } = recordsIn(await ledgerText(home));
  const runId = runOf(records, scene.runSeed)!.runId;
  checkFinishedRun(records, runId, scene.expected);
  await checkPatches(home.workspace, records, runId);
  for (let i = 0; i < rivals; i++) {
    checkFinishedRun(records, runOf(records, rivalSeed + i)!.runId, undefined);
  }
  expect(await leftovers(home), 'what is left in temporary folder and cache').toEqual([]);
  if (report !== undefined) checkReport(report, runId, scene.expected);
}

function checkReport(
  report: OptimizeReport,
  runId: string,
  expected: readonly ExpectedCandidate[] | undefined,
): void {
  expect(report.run).toBe(runId);
  if (expected === undefined) return;
  const found = report.candidates.map(({ id, program, patchHash }) => ({ id, program, patchHash }));
  expect(sortedById(found), 'the candidates of the report').toEqual(sortedById(expected));
}

interface Played {
  /** When it got done. */
  readonly printed: OptimizeReport | undefined;
  /** Whether a rival was started, with the seed `nextRival`; it is done. */
  readonly rival: boolean;
}

/** One run of the command line, started or resumed, with what it suffers. */
async function session(
  scene: Play,
  fault: Fault | undefined,
  tell: (line: string) => void,
  nextRival = rivalSeed,
): Promise<Played> {
  const { home, tools } = scene;
  const text = await ledgerText(home);
  const { records } = recordsIn(text);
  const run = runOf(records, scene.runSeed);
  if (run !== undefined && isDone(records, run.runId)) {
    tell('  the run is done already');
    return { printed: undefined, rival: false };
  }
  const workspace = ['--workspace', home.workspace];
  const args =
    run === undefined
      ? ['optimize', ...workspace, ...scene.args, '--seed', String(scene.runSeed)]
      : ['runs', 'resume', run.runId, ...workspace];
  const rivals: CliRun[] = [];
  const options = sessionOptions(fault, home, tools, () => {
    const rival = ['optimize', ...workspace, ...scene.args, '--seed', String(nextRival)];
    rivals.push(startCli(home, rival));
  });
  const started = performance.now();
  const ended = await startCli(home, args, options).ended;
  const others = await Promise.all(rivals.map((rival) => rival.ended));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  tell(`  ${args[0]} ended after ${seconds} s with ${ended.signal ?? ended.code}${firstError(ended)}`);

  expect(await survivors(home, tools.awaitExit), 'processes that are left').toEqual([]);
  for (const { code, stderr } of others) expect(code, `the rival: ${stderr}`).toBe(0);
  checkEnd(fault, ended);
  const after = await ledgerText(home);
  expect(after.startsWith(text), 'what was in the ledger stays').toBe(true);
  const judged = run === undefined ? [] : ofRun(records, run.runId, 'judgement').map((r) => r.candidateId);
  for (const id of judged) {
    const again = new RegExp(
      `^\\[(compile|verify|screen|sanitize|resident|whole)\\b.* candidate ${id} `,
      'm',
    );
    expect(ended.stderr, 'a judged candidate is not judged again').not.toMatch(again);
  }
  return {
    printed: ended.code === 0 ? (JSON.parse(ended.stdout) as OptimizeReport) : undefined,
    rival: rivals.length > 0,
  };
}

function firstError({ stderr }: Ended): string {
  const line = stderr.split('\n').find((l) => l.startsWith('error: '));
  return line === undefined ? '' : `, ${line}`;
}

/** How a run may end that suffers this. */
function checkEnd(fault: Fault | undefined, { code, signal, stdout, stderr }: Ended): void {
  if (signal !== null) {
    const kills = ['kill', 'kill-in-ledger', 'kill-in-write', 'rival'];
    expect(kills, `${signal}: ${stderr}`).toContain(fault?.kind);
    expect(signal).toBe('SIGKILL');
    return;
  }
  const mayEnd: Partial<Record<Fault['kind'], number>> = {
    interrupt: 130,
    'full-ledger': 1,
    'full-disk': 1,
    'kill-harness': 1,
  };
  const other = fault === undefined ? undefined : mayEnd[fault.kind];
  expect(code === 0 || code === other, `exit code ${code}: ${stderr}`).toBe(true);
  if (code !== 1) return;
  const { error } = JSON.parse(stdout) as { readonly error: { readonly code: string } };
  const allowed =
    fault?.kind === 'kill-harness'
      ? ['measurement-failed', 'reference-broken', 'dataset']
      : ['disk-full', 'dataset-cache'];
  expect(allowed, stderr).toContain(error.code);
}

function sessionOptions(
  fault: Fault | undefined,
  home: Home,
  { diskFaults }: Tools,
  startRival: () => void,
): CliOptions {
  const preload = (kind: 'kill' | 'full', bytes: number, folders: readonly string[]): CliOptions => ({
    env: {
      LD_PRELOAD: diskFaults,
      FAULT_KIND: kind,
      FAULT_BYTES: String(bytes),
      FAULT_PATHS: folders.join(':'),
    },
  });
  const atLine = (line: number, act: (pid: number) => void): CliOptions => ({
    onLine: (at, _, child) => {
      if (at === line) act(child.pid!);
    },
  });
  const state = join(home.workspace, '.annsmith');
  const everywhere = [state, home.cache, home.temporary];
  switch (fault?.kind) {
    case 'kill-in-ledger':
      return preload('kill', fault.bytes, [state]);
    case 'kill-in-write':
      return preload('kill', fault.bytes, everywhere);
    case 'full-ledger':
      return preload('full', fault.bytes, [state]);
    case 'full-disk':
      return preload('full', fault.bytes, everywhere);
    case 'kill':
      return atLine(fault.line, (pid) => process.kill(pid, 'SIGKILL'));
    case 'interrupt':
      // To the whole group, as a terminal does it.
      return atLine(fault.line, (pid) => process.kill(-pid, 'SIGINT'));
    case 'rival':
      return {
        onLine: (at, _, child) => {
          if (at === fault.line) startRival();
          if (at === fault.killLine) process.kill(child.pid!, 'SIGKILL');
        },
      };
    case 'kill-harness':
      return harnessKiller(home, fault.line);
    default:
      return {};
  }
}

/** Kills one supervisor: the first that is found at one of the lines from `from` on. */
function harnessKiller(home: Home, from: number): CliOptions {
  let killed = false;
  return {
    onLine: (line) => {
      if (line < from || killed) return;
      processesOf(home)
        .then((processes) => {
          const found = processes.find(({ command }) => /annsmith-harness serve$/.test(command));
          if (found === undefined || killed) return;
          killed = true;
          process.kill(found.pid, 'SIGKILL');
        })
        .catch((error: NodeJS.ErrnoException) => {
          // It may end by itself between look and kill.
          if (error.code !== 'ESRCH') throw error;
        });
    },
  };
}

async function tear(home: Home, share: number, tell: (line: string) => void): Promise<void> {
  const text = await ledgerText(home);
  if (text === '') return;
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const size = Buffer.byteLength(text.slice(0, start));
  const last = Buffer.byteLength(text.slice(start));
  const kept = size + Math.floor(share * (last - 1));
  tell(`  the ledger keeps ${kept} of ${size + last} bytes`);
  await truncate(home.ledger, kept);
}

async function damage(
  home: Home,
  { file, how, share }: Extract<Fault, { kind: 'damage' }>,
  tell: (line: string) => void,
): Promise<void> {
  const path = await damagedPath(home, file, share);
  const { size } = await stat(path);
  const at = Math.floor(share * size);
  tell(`  ${how} ${path} at ${at} of ${size}`);
  if (how === 'truncate') {
    await truncate(path, at);
    return;
  }
  const handle = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte[0]! ^= 1 << Math.floor(share * 8);
  await handle.write(byte, 0, 1, at);
  await handle.close();
}
