/** `annsmith grpo` as a user meets it, from the sources. */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GrpoReport } from '../../../src/protocol/grpo.ts';
import { logRun, madeUpReward } from './loggedRuns.ts';
import { storeIn } from './madeUpRounds.ts';

const repository = join(import.meta.dirname, '..', '..', '..');
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'annsmith-grpo-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

function run(...args: string[]) {
  const command = [join(repository, 'src', 'cli', 'main.ts'), 'grpo', ...args];
  const env = { ...process.env, ANNSMITH_DATA: join(home, 'data') };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
  return { code: status, stdout, stderr };
}

it('refuses rounds that could not follow on each other', () => {
  const refused = (...args: string[]): unknown => {
    const { code, stdout } = run(...args, '--json');
    expect(code).toBe(1);
    return (JSON.parse(stdout) as { error: unknown }).error;
  };
  expect(refused('--rounds', '2', '--promote', 'never')).toMatchObject({
    code: 'rounds-without-promotion',
    message: expect.stringContaining('none from the one before') as string,
  });
  expect(refused('--rounds', '2', '--offline')).toMatchObject({ code: 'offline-rounds' });
});

it('takes no words that are neither commands nor options of the trainer', () => {
  expect(run('lsit')).toMatchObject({ code: 2, stderr: expect.stringMatching(/lsit is no command/) });
  expect(run('--', '--micro-batch', '2')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--micro-batch after `--` is for the trainer/),
  });
  const model = ['--policy', 'openai:tiny', '--module', 'search', 'refinement'];
  expect(run(...model)).toMatchObject({ code: 2, stderr: expect.stringMatching(/refinement is no command/) });
}, 30_000);

it('refuses for a language model what its rounds do not have, and an adapter that is there', () => {
  const workspace = join(repository, 'examples', 'hnsw');
  const model = ['--policy', 'openai:tiny', '--model', home, '--workspace', workspace];
  const code = (...args: string[]): unknown =>
    (JSON.parse(run(...model, ...args, '--json').stdout) as { error: { code: string } }).error.code;
  const out = ['--out', join(home, 'new')];
  expect(code(...out, '--groups', '2')).toBe('option-of-playbook');
  expect(code(...out, '--promote', 'auto')).toBe('option-of-playbook');
  expect(code(...out, '--budget', '9')).toBe('option-of-playbook');
  expect(code(...out, '--offline', '--module', 'search')).toBe('option-of-sampling');
  expect(code(...out, '--', '--out', 'elsewhere')).toBe('option-twice');
  expect(code('--out', home)).toBe('out-exists');
});

it('clips advantages where that is asked for', async () => {
  const root = join(home, 'workspace');
  const example = join(repository, 'examples', 'hnsw');
  await cp(example, root, { recursive: true, filter: (path) => !path.endsWith('.annsmith') });
  const version = storeIn(join(home, 'data')).priorVersion;
  await logRun({ root, runId: 'r', version, seed: 1, reward: madeUpReward });
  const trained = (...args: string[]): GrpoReport['rounds'][number] => {
    const offline = ['--offline', '--promote', 'never', '--workspace', root];
    const { code, stdout } = run(...offline, ...args, '--json');
    expect(code).toBe(0);
    return (JSON.parse(stdout) as GrpoReport).rounds[0]!;
  };
  const free = trained();
  // Above every advantage of a group of eight.
  expect(trained('--advantage-limit', '10').version).toBe(free.version);
  expect(trained('--advantage-limit', '0.1').version).not.toBe(free.version);
  expect(run('--advantage-limit', '0').code).toBe(2);
}, 60_000);
