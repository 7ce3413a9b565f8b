/** What a model is asked in a round that is gone on with. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PromptSubject, writeRoundPrompts } from '../../../src/cli/roundPrompts.ts';

let home: string;
let asked: string[];
const place = () => ({ file: join(home, 'new.prompts.jsonl'), round: join(home, 'new.round') });
const subject: PromptSubject = {
  sourceHash: 'as it is',
  datasets: ['d'],
  modules: ['search'],
  seed: 1,
  manifest: { search: { k: 10 } },
};
const write = (changes: Partial<PromptSubject> = {}, fresh = false) =>
  writeRoundPrompts({ ...place(), fresh }, { ...subject, ...changes }, async (module) => {
    asked.push(module);
    return [{ role: 'user', content: `make ${module} faster, take ${asked.length}` }];
  });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'annsmith-prompts-'));
  asked = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

it('writes a prompt for every module', async () => {
  await write({ modules: ['search', 'refinement'] });
  const lines = (await readFile(place().file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { module: string }).module)).toEqual([
    'search',
    'refinement',
  ]);
});

/** As the trainer leaves it after a step. */
async function takeStep(): Promise<void> {
  await mkdir(join(place().round, 'checkpoint-1'), { recursive: true });
}

it('asks a round that has taken a step what it asked before', async () => {
  await write();
  await takeStep();
  await write();
  expect(asked).toEqual(['search']);
});

it.each([
  ['nothing was begun with', 'nothing', false],
  ['no step was taken with', 'a folder', false],
  ['is to be begun anew', 'a step', true],
])('writes anew what %s', async (_, done, fresh) => {
  await write();
  if (done === 'a folder') await mkdir(place().round);
  if (done === 'a step') await takeStep();
  await write({ sourceHash: 'another' }, fresh);
  expect(await readFile(place().file, 'utf8')).toContain('take 2');
});

it('does not guess what prompts of before are about', async () => {
  await writeFile(place().file, '{"module":"search","messages":[]}\n');
  await takeStep();
  await expect(write()).rejects.toThrow(/what it is about is not said/);
});

it.each([
  ['sourceHash', 'another', /the code/],
  ['datasets', ['other'], /--dataset/],
  ['modules', ['refinement'], /--module/],
  ['seed', 2, /--seed/],
  ['manifest', { search: { k: 100 } }, /annsmith\.json/],
])('refuses to go on where %s is another', async (key, value, said) => {
  await write();
  await takeStep();
  const before = await readFile(place().file, 'utf8');
  const other = write({ [key]: value });
  await expect(other).rejects.toMatchObject({ code: 'other-round' });
  await expect(other).rejects.toThrow(said);
  expect(await readFile(place().file, 'utf8')).toBe(before);
  expect(existsSync(place().round)).toBe(true);
});
