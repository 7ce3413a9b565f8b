/**
 * Real runs under faults: killed, interrupted, out of disk space, with a torn ledger, a damaged cache, a rival on the
 * same workspace, a killed harness. Resumed until they are done, they are complete and did nothing twice. Some seeds
 * alone, told at length: `SEEDS=7,12 FAULTS_TELL=1 npm run test:faults`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compilerOf } from '../../src/engine/machine.ts';
import type { OptimizeReport } from '../../src/protocol/optimize.ts';
import { runCli } from './cli.ts';
import { copyHome, createHome, type Home, removeHome } from './home.ts';
import type { ExpectedCandidate } from './ledgerChecks.ts';
import { play, type Tools } from './play.ts';
import { damagedFiles, describeFault, type Fault, longRun, scheduleOf, shortRun } from './schedule.ts';

const args = ['--module', 'search', '--group', '2'];
const seeds = process.env['SEEDS']?.split(',').map(Number) ?? Array.from({ length: 20 }, (_, i) => i);

interface Scene {
  readonly name: string;
  /** Goes through all modules. */
  readonly isLong: boolean;
  readonly faults: readonly Fault[];
}

const scenes = seeds.map((seed): Scene => {
  const isLong = seed % 10 === 9;
  return {
    name: `seed ${String(seed).padStart(2, '0')}`,
    isLong,
    faults: scheduleOf(seed, isLong ? longRun : shortRun),
  };
});
const allDamaged = damagedFiles.map((file): Fault => ({ kind: 'damage', file, how: 'flip', share: 0.5 }));
if (process.env['SEEDS'] === undefined) scenes.push({ name: 'no seed', isLong: false, faults: allDamaged });

let root: string;
let template: Home;
let tools: Tools;
/** An uninterrupted run with a winner. */
let whole: {
  readonly seed: number;
  readonly hasWinner: boolean;
  readonly candidates: readonly ExpectedCandidate[];
};

function compiled(source: string, ...flags: string[]): string {
  const [command, ...first] = compilerOf(process.env);
  const output = join(root, source.replace(/\.cc$/, ''));
  const from = join(import.meta.dirname, source);
  execFileSync(command, [...first, '-std=c++17', '-O1', '-Wall', '-Wextra', ...flags, '-o', output, from]);
  return output;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'annsmith-faults-'));
  tools = {
    diskFaults: compiled('diskFaults.cc', '-shared', '-fPIC'),
    awaitExit: compiled('awaitExit.cc'),
  };
  template = await createHome(join(root, 'template'));
  const vectors = ['base', 'queries'].flatMap((name) => [`--${name}`, join(template.root, `${name}.fbin`)]);
  const made = await runCli(template, [
    'datasets',
    'import',
    'clusters',
    '--metric',
    'euclidean',
    ...vectors,
  ]);
  expect(made.code, made.stderr).toBe(0);
  for (const seed of [1, 2, 3, 4, 5]) {
    const workspace = ['--workspace', template.workspace];
    const run = await runCli(template, ['optimize', ...workspace, ...args, '--seed', String(seed)]);
    expect(run.code, run.stderr).toBe(0);
    const report = JSON.parse(run.stdout) as OptimizeReport;
    whole = {
      seed,
      hasWinner: report.best !== null,
      candidates: report.candidates.map(({ id, program, patchHash }) => ({ id, program, patchHash })),
    };
    if (whole.hasWinner) break;
  }
  expect(whole.hasWinner, 'a seed with a winner, whose confirmation can be cut off too').toBe(true);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.concurrent('a run', () => {
  for (const scene of scenes) {
    const told = scene.faults.map(describeFault).join(', then ');
    it(`of ${scene.name} goes on after: ${told}`, () => playScene(scene, told));
  }
});

async function playScene({ name, isLong, faults }: Scene, told: string): Promise<void> {
  const story: string[] = [`${name}: ${told}`];
  const home = await copyHome(template, join(root, name.replace(' ', '-')));
  const more = isLong
    ? { args: ['--module', 'all', '--group', '2'], expected: undefined }
    : { args, expected: whole.candidates };
  try {
    await play({ home, tools, faults, runSeed: whole.seed, ...more }, (line) => story.push(line));
    await removeHome(home);
    if (process.env['FAULTS_TELL']) process.stdout.write(`${story.join('\n')}\n`);
  } catch (error) {
    if (error instanceof Error) error.message = `${story.join('\n')}\n${error.message}`;
    throw error;
  }
}
