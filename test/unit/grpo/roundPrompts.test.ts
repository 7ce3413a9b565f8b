/** What a model is asked in a round that is gone on with. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PromptSubject, writeRoundPrompts } from '../../../src/cli/roundPrompts.ts';

let home: string;
let asked: string[];
const place = () => ({ file: join(home, 'new.prompts.jsonl'), round: join(home, 'new.round') });
const subject: PromptSubject = { sourceHash: 'as it is', datasets: ['d'], modules: ['search'], seed: 1 };
const write = (changes: Partial<PromptSubject> = {}) =>
  writeRoundPrompts(place(), { ...subject, ...changes }, async (module) => {
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

it('asks a round that was begun what it asked before', async () => {
  await write();
  await mkdir(place().round);
  await write();
  expect(asked).toEqual(['search']);
});

it('writes anew what nothing was begun with', async () => {
  await write();
  await write({ sourceHash: 'another' });
  expect(await readFile(place().file, 'utf8')).toContain('take 2');
});

it.each([
  ['sourceHash', 'another', /the code/],
  ['datasets', ['other'], /--dataset/],
  ['modules', ['refinement'], /--module/],
  ['seed', 2, /--seed/],
])('refuses to go on where %s is another', async (key, value, said) => {
  await write();
  await mkdir(place().round);
  const before = await readFile(place().file, 'utf8');
  const other = write({ [key]: value });
  await expect(other).rejects.toMatchObject({ code: 'other-round' });
  await expect(other).rejects.toThrow(said);
  expect(await readFile(place().file, 'utf8')).toBe(before);
  expect(existsSync(place().round)).toBe(true);
});
