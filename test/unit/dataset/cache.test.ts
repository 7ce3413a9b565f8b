import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { readTruth } from '../../../src/engine/dataset/truthFile.ts';
import type { Progress } from '../../../src/engine/ports.ts';
import { withProcessLock } from '../../../src/engine/processLock.ts';
import { base, importsInto } from './importSupport.ts';
import { bytesOf, fbin, randomMatrix, useBench } from './support.ts';
import { expectTruth } from './truthSupport.ts';

const bench = useBench();
const { open, importBoth } = importsInto(bench);

describe('the cache', () => {
  it('notices a byte that changed and a file that was cut', async () => {
    const dataset = await importBoth();
    const bytes = await readFile(dataset.basePath);
    bytes[500]! ^= 1;
    await writeFile(dataset.basePath, bytes);
    await expect(open().get('mine')).rejects.toMatchObject({
      code: 'dataset-corrupt',
      message: expect.stringMatching(/base.fbin has changed/),
      fix: expect.stringContaining('--replace'),
    });
    await truncate(dataset.basePath, 100);
    await expect(open().get('mine')).rejects.toThrow(/base.fbin has 100 bytes instead of/);
    expect((await open().list()).find(({ name }) => name === 'mine')).toMatchObject({ state: 'partial' });
    expect((await open().verify('mine')).ok).toBe(false);
  });

  it('verify finds a truth that is wrong although its hash is right', async () => {
    const dataset = await importBoth();
    const bytes = await readFile(dataset.truthPath);
    const truth = await readTruth(dataset.truthPath);
    const wrong = bytesOf(truth.ids.map((id) => (id + 7) % 400));
    wrong.copy(bytes, 8);
    await writeFile(dataset.truthPath, bytes);
    const entryPath = join(dataset.truthPath, '..', 'dataset.json');
    const entry = JSON.parse(await readFile(entryPath, 'utf8'));
    entry.files.truth.sha256 = createHash('sha256').update(bytes).digest('hex');
    await writeFile(entryPath, JSON.stringify(entry));
    const { ok, problems } = await open().verify('mine');
    expect(ok).toBe(false);
    expect(problems).toHaveLength(30);
    expect(problems[0]).toMatch(/^query 0: neighbour 0 \(row \d+\) is at distance/);
  });

  it('lists what is there', async () => {
    await importBoth();
    const infos = await open().list();
    expect(infos.find(({ name }) => name === 'mine')).toMatchObject({ state: 'ready', n: 400, queries: 30 });
    expect(infos.find(({ name }) => name === 'sift-128-euclidean')).toMatchObject({
      state: 'absent',
      bytesOnDisk: 0,
    });
  });

  it('clears what a killed process left', async () => {
    const left = join(bench.folder, 'cache', 'tmp', 'mine@dead');
    await mkdir(join(left, 'dataset'), { recursive: true });
    await importBoth();
    expect(await readdir(join(bench.folder, 'cache', 'tmp'))).toEqual([]);
  });

  it('leaves nothing behind when cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(importBoth({ signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect((await open().list()).filter(({ state }) => state !== 'absent')).toEqual([]);
  });

  it('keeps the leftovers of another dataset only while somebody works on it', async () => {
    const temporary = join(bench.folder, 'cache', 'tmp');
    await mkdir(join(temporary, 'dead@1'), { recursive: true });
    await mkdir(join(temporary, 'busy@1'), { recursive: true });
    await withProcessLock(join(bench.folder, 'cache', 'busy'), {}, () => importBoth());
    expect(await readdir(temporary)).toEqual(['busy@1']);
  });

  it.each([/reading vectors/, /hashing/, /computing the exact/])(
    'leaves nothing behind when cancelled while %s',
    async (stage) => {
      const controller = new AbortController();
      const services = {
        ...bench.services,
        reporter: {
          progress: ({ message }: Progress) => {
            if (stage.test(message)) controller.abort();
          },
        },
      };
      const cacheDir = join(bench.folder, 'cache');
      const large = await bench.write('large.fbin', fbin(randomMatrix(20_000, 96, 3)));
      const importing = openDatasets({ services, cacheDir }).importVectors({
        name: 'large',
        base: large,
        split: 5000,
        signal: controller.signal,
      });
      await expect(importing).rejects.toMatchObject({ name: 'AbortError' });
      expect(await readdir(cacheDir, { recursive: true })).toEqual(['tmp']);
      const again = await open().importVectors({ name: 'large', base: large, split: 50 });
      expect([again.n, again.queries]).toEqual([19_950, 50]);
    },
  );

  it('starts again after an import that was killed', async () => {
    await importBoth();
    const large = await bench.write('large.fbin', fbin(randomMatrix(60_000, 96, 3)));
    const cacheDir = join(bench.folder, 'cache');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'importDataset.ts'), cacheDir, large]);
    // It says when the vectors are written and the truth is being computed.
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const left = await readdir(join(cacheDir, 'tmp'), { recursive: true });
    expect(left.filter((name) => name.endsWith('base.fbin'))).toHaveLength(1);
    expect((await open().list()).map(({ name }) => name)).not.toContain('large');
    const dataset = await open().importVectors({ name: 'large', base: large, split: 10 });
    expect(dataset.n).toBe(59_990);
    expect(await readdir(join(cacheDir, 'tmp'))).toEqual([]);
  });

  it('that cannot be written is an error that says where', async () => {
    const cacheDir = await bench.write('file', Buffer.alloc(1));
    const path = await bench.write('b.fbin', fbin(base));
    const importing = openDatasets({ services: bench.services, cacheDir }).importVectors({
      name: 'b',
      base: path,
    });
    await expect(importing).rejects.toMatchObject({
      code: 'dataset-cache',
      message: expect.stringContaining(cacheDir),
      fix: expect.stringContaining('ANNSMITH_CACHE'),
    });
  });
});

describe('a corrupt cache is found when a dataset is opened', () => {
  /** Changes bytes and puts the time back, as a failing disk does. */
  async function flip(path: string, at: number): Promise<void> {
    const { atime, mtime } = await stat(path);
    const file = await openFile(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Buffer.of(buffer[0]! ^ 1), 0, 1, at);
    await file.close();
    await utimes(path, atime, mtime);
  }

  it.each(['basePath', 'queryPath', 'truthPath'] as const)('a header of %s', async (file) => {
    const dataset = await importBoth();
    await open().get('mine');
    await flip(dataset[file], 4);
    const found = /(base|queries|truth)\.(fbin|bin) has the header \d+ x (13|101) instead of \d+ x (12|100)/;
    if (file === 'truthPath') {
      expect(await open().get('mine')).toEqual(dataset);
      expect(bench.warnings.join()).toMatch(found);
      await expectTruth(dataset);
    } else {
      await expect(open().get('mine')).rejects.toThrow(found);
    }
  });

  it('a byte of the vectors that changed in silence, by verify', async () => {
    const dataset = await importBoth();
    await flip(dataset.basePath, 3000);
    expect(await open().verify('mine')).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/base.fbin has changed: SHA-256/)],
    });
    // From then on the file is not trusted.
    await expect(open().get('mine')).rejects.toThrow(/base.fbin has changed/);
  });

  it.each([
    ['missing', (path: string) => rm(path)],
    ['cut off', (path: string) => truncate(path, 1000)],
    ['changed', (path: string) => flip(path, 700).then(() => utimes(path, 1, 1))],
  ])('a truth that is %s is made anew from the vectors', async (_, spoil) => {
    const dataset = await importBoth();
    const good = await readFile(dataset.truthPath);
    await spoil(dataset.truthPath);
    // The copy that is kept by content is no better.
    for (const name of await readdir(join(bench.folder, 'cache', 'truth'))) {
      if (name.endsWith('.bin')) await flip(join(bench.folder, 'cache', 'truth', name), 900);
    }
    expect(await open().get('mine')).toEqual(dataset);
    expect(await readFile(dataset.truthPath)).toEqual(good);
    expect(bench.warnings.join('\n')).toMatch(/truth.bin .*\n.*its true neighbours are made anew/);
    expect(await open().verify('mine')).toEqual({ ok: true, problems: [] });
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, 100)],
    ['of another version', (text: string) => text.replace('"version": 1', '"version": 7')],
    ['with another metric', (text: string) => text.replace('"euclidean"', '"ip"')],
    ['with another number of rows', (text: string) => text.replace('"n": 400', '"n": 401')],
  ])('a record %s', async (_, spoil) => {
    const dataset = await importBoth();
    const path = join(dataset.basePath, '..', 'dataset.json');
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await expect(open().get('mine')).rejects.toMatchObject({
      code: 'dataset-corrupt',
      fix: expect.stringContaining('datasets import --name mine'),
    });
    expect((await open().verify('mine')).ok).toBe(false);
    expect((await importBoth({ replace: true })).fingerprint).toBe(dataset.fingerprint);
  });
});
