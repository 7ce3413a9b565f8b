import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder } from '../../../src/engine/dataFolder.ts';
import { UserError } from '../../../src/engine/errors.ts';
import type { PolicyStore } from '../../../src/engine/policyStore.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import type { TrainingMetrics } from '../../../src/protocol/grpo.ts';
import { storeIn } from './madeUpRounds.ts';
import { draw, randomNetwork } from './playbookTask.ts';

let folder: string;
let store: PolicyStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annsmith-store-'));
  store = storeIn(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const metrics: TrainingMetrics = {
  groups: 1,
  completions: 8,
  meanReward: 0.1,
  bestReward: 0.3,
  validFraction: 1,
  epochs: 1,
  steps: 1,
  lossBefore: 0,
  loss: -0.1,
  kl: 0.01,
  klFromOld: 0.01,
  clipFraction: 0,
  gradientNorm: 1,
  entropyBefore: 1,
  entropy: 0.9,
  seconds: 1,
};
const facts = {
  metrics,
  ledger: { workspace: 'w', runs: ['r'], groups: ['r/g1'], from: '2026-01-01', to: '2026-01-02' },
};

async function made(seed: number, parent = store.priorVersion): Promise<string> {
  const network = randomNetwork(seededRandom(seed), 0.1);
  const { adam } = store.load(parent);
  return store.save(store.load(parent), { network, adam: { ...adam, step: seed } }, facts);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
  throw new Error('no error');
}

describe('versions of the policy', () => {
  it('come back bit for bit, with their optimizer and lineage', async () => {
    const first = await made(1);
    const second = await made(2, first);
    expect([first, second]).toEqual([
      expect.stringMatching(/^pb-1-[0-9a-f]{8}$/),
      expect.stringMatching(/^pb-2-[0-9a-f]{8}$/),
    ]);
    const loaded = store.load(second);
    expect(loaded.network.weights).toEqual(randomNetwork(seededRandom(2), 0.1).weights);
    expect(loaded).toMatchObject({ generation: 2, adam: { step: 2 } });
    const random = (): ReturnType<typeof seededRandom> => seededRandom(9);
    expect(draw(loaded.network, random())).toEqual(draw(randomNetwork(seededRandom(2), 0.1), random()));
    expect((await store.list()).map(({ version, parent }) => [version, parent])).toEqual([
      [store.priorVersion, null],
      [first, store.priorVersion],
      [second, first],
    ]);
    // The same weights of the same parent are one version.
    expect(await made(1)).toBe(first);
    expect(await store.list()).toHaveLength(3);
  });

  it('sample from when they are promoted until they are rolled back', async () => {
    expect(store.promoted()).toBeUndefined();
    const [first, second] = [await made(1), await made(2)];
    await store.promote(first);
    await store.promote(second);
    await store.promote(second);
    expect(storeIn(folder).promoted()?.version).toBe(second);
    await store.rollBack();
    expect(store.promotedVersion).toBe(first);
    await store.rollBack();
    expect(store.promotedVersion).toBe(store.priorVersion);
    await expect(store.rollBack()).rejects.toThrow(/nothing was promoted before/);
    await store.promote(second);
    await store.promote('prior');
    expect(store.promoted()).toBeUndefined();
  });

  it('take the place of the one that they were made from alone, where that is asked for', async () => {
    const [first, second] = [await made(1), await made(2)];
    expect(await store.promote(first, { from: store.priorVersion })).toBe(true);
    expect(await store.promote(second, { from: store.priorVersion })).toBe(false);
    expect(storeIn(folder).promotedVersion).toBe(first);
    // What samples already is promoted.
    expect(await store.promote(first, { from: second })).toBe(true);
    await store.rollBack();
    expect(store.promotedVersion).toBe(store.priorVersion);
  });

  it('are refused, the promoted one untouched, where the file is damaged or of other make', async () => {
    const [good, bad] = [await made(1), await made(2)];
    await store.promote(good);
    const path = join(folder, `${bad}.json`);
    const text = await readFile(path, 'utf8');
    const changed = (changes: Record<string, unknown>): string => {
      const file = JSON.parse(text) as { checkpoint: Record<string, unknown> };
      const checkpoint = { ...file.checkpoint, ...changes };
      const sha256 = createHash('sha256').update(JSON.stringify(checkpoint)).digest('hex');
      return JSON.stringify({ sha256, checkpoint });
    };
    const cases = [
      ['damaged-checkpoint', text.slice(0, text.length / 2)],
      ['damaged-checkpoint', text.replace(/"weights":"..../, '"weights":"AAAA')],
      ['damaged-checkpoint', '{}'],
      ['damaged-checkpoint', changed({ network: { layout: 1, hidden: 24, weights: 'AAAA' } })],
      ['damaged-checkpoint', changed({ metrics: undefined })],
      ['other-checkpoint-format', changed({ format: 2 })],
      ['other-vocabulary', changed({ grammar: 'other' })],
      ['other-vocabulary', changed({ prior: 'prior-0' })],
    ] as const;
    for (const [code, content] of cases) {
      await writeFile(path, content);
      expect(codeOf(() => store.load(bad))).toBe(code);
      await expect(store.promote(bad)).rejects.toThrow(UserError);
      expect(store.promotedVersion).toBe(good);
    }
    const listed = (await store.list()).find(({ version }) => version === bad);
    expect(listed?.problem).toMatch(/prior-0/);
    expect(codeOf(() => store.load('pb-1-00000000'))).toBe('no-such-version');
    expect(codeOf(() => store.load('../../x'))).toBe('no-such-version');
  });

  it('say so where the pointer is damaged', async () => {
    await writeFile(join(folder, 'promoted.json'), '{"promoted"');
    expect(codeOf(() => store.promoted())).toBe('damaged-pointer');
  });
});

describe('the data folder', () => {
  it('is the one that is named, else the system’s', () => {
    expect(dataFolder({ ANNSMITH_DATA: '/a' }, 'linux')).toBe('/a');
    expect(dataFolder({ XDG_DATA_HOME: '/x' }, 'linux')).toBe(join('/x', 'annsmith'));
    expect(dataFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'annsmith', 'Data'));
    expect(dataFolder({}, 'darwin')).toMatch(/Application Support/);
  });
});
