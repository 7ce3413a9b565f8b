/** The Python trainer as the engine runs it. Its own tests are in trainer/; here a program stands in that says the same lines. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Services } from '../../../src/engine/ports.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import { type ModelRound, offlineRound, onlineRounds } from '../../../src/engine/trainer/modelRounds.ts';
import { clock } from './loggedRuns.ts';

let home: string;
const said: string[] = [];
const say = (text: string): void => void said.push(text);
const services: Services = {
  clock,
  processes: createProcessRunner(),
  logger: { debug: say, info: say, warn: say, error: say },
  reporter: { progress: ({ message, fraction }) => say(`${message} ${fraction}`) },
};
const round: ModelRound = {
  policy: 'openai:tiny',
  model: '/models/tiny',
  adapter: undefined,
  out: '/adapters/1',
  seed: 3,
  advantageLimit: undefined,
  trainerOptions: [],
};

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'annsmith-trainer-'));
  said.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

/** A trainer that writes down how it was started, prints these lines and ends with this code. */
async function standIn(lines: readonly object[], end = 'exit 0'): Promise<void> {
  const path = join(home, 'python');
  const printed = ['a library prints this', ...lines.map((line) => JSON.stringify(line))];
  await writeFile(join(home, 'lines'), `${printed.join('\n')}\n`);
  await writeFile(
    path,
    `#!/bin/sh
printf '%s\\n' "$@" > '${home}/args'
printf '%s' "$ANNSMITH_REWARD_TOKEN/$OPENAI_API_KEY" > '${home}/secrets'
echo 'Traceback' >&2
cat '${home}/lines'
${end}
`,
  );
  await chmod(path, 0o755);
  vi.stubEnv('ANNSMITH_TRAINER_PYTHON', path);
}

const written = (name: string): Promise<string> => readFile(join(home, name), 'utf8');
const context = () => ({ services, signal: new AbortController().signal });
const saved = { event: 'saved', path: '/adapters/1', version: 'lora-1', parent: 'base' };
const step = { event: 'step', steps: 2, loss: -0.5, kl: 0.25, clip_fraction: 0.125, entropy: 2, tokens: 9 };

it('trains on a ledger, and says how far it is', async () => {
  await standIn([
    { event: 'warning', code: 'unknown-temperature', message: 'taken for 1' },
    { event: 'start', groups: 2, skipped: { 'zero-variance': 1 }, mean_reward: 0.5, device: 'cpu' },
    { event: 'scored', group: 1, groups: 2 },
    { event: 'resumed', step: 1, steps: 2 },
    { ...step, step: 2 },
    { event: 'checkpoint', step: 2 },
    saved,
    { event: 'done', seconds: 3, version: 'lora-1' },
  ]);
  const report = await offlineRound(
    '/w/ledger.jsonl',
    'contrastive-1',
    { ...round, adapter: 'before', trainerOptions: ['--micro-batch', '2'] },
    context(),
  );
  expect(report).toEqual({
    policy: 'openai:tiny',
    mode: 'offline',
    version: 'lora-1',
    parent: 'base',
    adapter: '/adapters/1',
    groups: 2,
    skipped: { 'zero-variance': 1 },
    meanReward: 0.5,
    steps: 1,
    loss: -0.5,
    kl: 0.25,
    clipFraction: 0.125,
    entropy: 2,
  });
  const args = (await written('args')).trimEnd().split('\n');
  expect(args.slice(0, 3)).toEqual(['-m', 'annsmith_trainer', 'offline']);
  const of = (option: string): string | undefined => args[args.indexOf(option) + 1];
  expect(of('--ledger')).toBe('/w/ledger.jsonl');
  expect([of('--policy'), of('--policy-version'), of('--seed')]).toEqual([
    'openai:tiny',
    'contrastive-1',
    '3',
  ]);
  expect(of('--micro-batch')).toBe('2');
  expect(of('--adapter')).toBe(join(process.cwd(), 'before'));
  expect(said).toEqual([
    'taken for 1',
    'log-probabilities of group 1 of 2 0.5',
    'goes on after step 1 of 2',
    'step 2 of 2: loss -0.5000, KL 0.2500 1',
  ]);
});

it('hands the token over in the environment, and no other key', async () => {
  vi.stubEnv('OPENAI_API_KEY', 'sk-canary-trainer');
  await standIn([
    { event: 'start', prompts: 1, rounds: 2, group: 4, device: 'cpu' },
    { event: 'group', module: 'search', mean_reward: 0.25, best_reward: 1, accepted: 2 },
    // As trainers of before say that nothing was left out.
    { event: 'group', module: 'search', mean_reward: 0.75, best_reward: 1, accepted: 1, skipped: null },
    { event: 'group', module: 'search', skipped: 'unrewarded' },
    { ...step, step: 2 },
    saved,
    { event: 'done', version: 'lora-1' },
  ]);
  const rewards = { url: 'http://127.0.0.1:1', token: 'a-token-of-the-test' };
  const input = { rewards, prompts: '/p.jsonl', rounds: 2, group: 4 };
  const report = await onlineRounds(input, round, context());
  expect(report).toMatchObject({ mode: 'online', groups: 2, meanReward: 0.5, skipped: { unrewarded: 1 } });
  expect(await written('secrets')).toBe('a-token-of-the-test/');
  expect(await written('args')).not.toContain('a-token-of-the-test');
});

it("fails with the trainer's own words, or the end of what it printed", async () => {
  await standIn(
    [{ event: 'error', code: 'drift', message: 'of another model', fix: 'Use --fresh.' }],
    'exit 1',
  );
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    code: 'drift',
    message: 'of another model',
    // Which the command hands on.
    fix: 'Use --fresh. Options of the trainer go after `--`.',
  });
  await standIn([], 'exit 1');
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    code: 'trainer-failed',
    message: expect.stringContaining('Traceback'),
  });
  await standIn([{ event: 'error', code: 'out-exists', message: 'it exists', fix: 'Use --out.' }], 'exit 1');
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    fix: 'Use --out.',
  });
  await standIn([], 'exit 2');
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    code: 'trainer-option',
    fix: expect.stringContaining('annsmith_trainer offline --help'),
  });
  await standIn([], 'kill -9 $$');
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    code: 'out-of-memory',
    fix: expect.stringContaining('--micro-batch 1'),
  });
});

it('says how to set the trainer up where it is not', async () => {
  vi.stubEnv('ANNSMITH_TRAINER_PYTHON', join(home, 'nowhere'));
  await expect(offlineRound('/w/ledger.jsonl', '1', round, context())).rejects.toMatchObject({
    code: 'no-trainer',
    fix: expect.stringContaining('npm run setup:trainer'),
  });
});

it('ends the trainer when the work is cancelled', async () => {
  const path = join(home, 'python');
  await writeFile(path, `#!/bin/sh\necho '{"event":"scored","group":1,"groups":2}'\nexec sleep 100\n`);
  await chmod(path, 0o755);
  vi.stubEnv('ANNSMITH_TRAINER_PYTHON', path);
  const controller = new AbortController();
  const reporter = { progress: () => controller.abort() };
  const work = offlineRound('/w/ledger.jsonl', '1', round, {
    services: { ...services, reporter },
    signal: controller.signal,
  });
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
});
