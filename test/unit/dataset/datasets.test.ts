import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { abiDistance } from '../../../src/engine/dataset/claimedNeighbours.ts';
import { type Datasets, type ImportRequest, openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { readTruth } from '../../../src/engine/dataset/truthFile.ts';
import type { MetricName, PreparedDataset } from '../../../src/protocol/dataset.ts';
import { bytesOf, fbin, fvecs, ivecs, type Matrix, randomMatrix, useBench, writeHdf5 } from './support.ts';

const bench = useBench();
const base = randomMatrix(400, 12, 1);
const queries = randomMatrix(30, 12, 2);

function open(): Datasets {
  return openDatasets({ services: bench.services, cacheDir: join(bench.folder, 'cache') });
}

async function importBoth(extra: Partial<ImportRequest> = {}): Promise<PreparedDataset> {
  const basePath = await bench.write('base.fvecs', fvecs(base));
  const queryPath = await bench.write('queries.fvecs', fvecs(queries));
  return open().importVectors({
    name: 'mine',
    metric: 'euclidean',
    base: basePath,
    queries: queryPath,
    ...extra,
  });
}

function row({ dim, values }: Matrix, i: number): Float32Array {
  return values.subarray(i * dim, (i + 1) * dim);
}

async function readFbin(path: string): Promise<Matrix> {
  const bytes = await readFile(path);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8, bytes.byteOffset + bytes.length));
  return { rows: bytes.readUInt32LE(0), dim: bytes.readUInt32LE(4), values };
}

/** Distances from one query to all rows, with the nearest first. */
function bruteForce(
  from: Matrix,
  query: Float32Array,
  metric: MetricName,
): { id: number; distance: number }[] {
  return Array.from({ length: from.rows }, (_, id) => ({
    id,
    distance: abiDistance(metric, query, row(from, id)),
  })).sort((a, b) => a.distance - b.distance || a.id - b.id);
}

async function expectTruth(dataset: PreparedDataset): Promise<void> {
  const truth = await readTruth(dataset.truthPath);
  const canonicalBase = await readFbin(dataset.basePath);
  const canonicalQueries = await readFbin(dataset.queryPath);
  expect([truth.queries, truth.k]).toEqual([dataset.queries, dataset.truthK]);
  for (let q = 0; q < dataset.queries; q++) {
    const expected = bruteForce(canonicalBase, row(canonicalQueries, q), dataset.metric).slice(0, truth.k);
    expect([...truth.ids.subarray(q * truth.k, (q + 1) * truth.k)]).toEqual(expected.map(({ id }) => id));
    const distances = truth.distances.subarray(q * truth.k, (q + 1) * truth.k);
    for (const [i, { distance }] of expected.entries()) expect(distances[i]).toBeCloseTo(distance, 5);
  }
}

describe('importVectors', () => {
  it.each(['euclidean', 'angular', 'ip'] as const)('prepares %s vectors with exact truth', async (metric) => {
    const dataset = await importBoth({ metric });
    expect(dataset).toMatchObject({ name: 'mine', metric, n: 400, dim: 12, queries: 30, truthK: 100 });
    expect(dataset.optimizeRows).toEqual({ start: 0, count: 24 });
    expect(dataset.holdoutRows).toEqual({ start: 24, count: 6 });
    await expectTruth(dataset);
    const canonical = await readFbin(dataset.basePath);
    if (metric === 'angular') {
      for (let i = 0; i < 400; i++) expect(Math.hypot(...row(canonical, i))).toBeCloseTo(1, 6);
    } else {
      expect(canonical.values).toEqual(base.values);
    }
    expect(await open().verify('mine')).toEqual({ ok: true, problems: [] });
    expect(await open().get('mine')).toEqual(dataset);
  });

  it('stores the queries in a seeded order, the same every time', async () => {
    const first = await importBoth();
    const stored = await readFbin(first.queryPath);
    const sorted = (matrix: Matrix): string[] =>
      Array.from({ length: matrix.rows }, (_, i) => row(matrix, i).join()).sort();
    expect(sorted(stored)).toEqual(sorted(queries));
    expect(stored.values).not.toEqual(queries.values);
    const again = await importBoth({ replace: true });
    expect(again.fingerprint).toBe(first.fingerprint);
    expect((await importBoth({ name: 'other', metric: 'ip' })).fingerprint).not.toBe(first.fingerprint);
  });

  it('splits queries off where there are none', async () => {
    const path = await bench.write('only.fbin', fbin(base));
    const dataset = await open().importVectors({ name: 'split', metric: 'euclidean', base: path });
    expect([dataset.n, dataset.queries]).toEqual([396, 4]);
    const rows = [await readFbin(dataset.basePath), await readFbin(dataset.queryPath)].flatMap((matrix) =>
      Array.from({ length: matrix.rows }, (_, i) => row(matrix, i).join()),
    );
    expect(rows.sort()).toEqual(Array.from({ length: 400 }, (_, i) => row(base, i).join()).sort());
    await expectTruth(dataset);
  });

  it('computes the same truth once for the same content', async () => {
    await importBoth();
    const computing = (): number => bench.progress.filter((event) => /computing/.test(event.message)).length;
    const once = computing();
    expect(once).toBeGreaterThan(0);
    const twin = await importBoth({ name: 'twin' });
    expect(computing()).toBe(once);
    await expectTruth(twin);
  });

  it('keeps fewer neighbours than 100 where there are fewer rows', async () => {
    const path = await bench.write('few.fbin', fbin(randomMatrix(20, 3, 3)));
    const queryPath = await bench.write('q.fbin', fbin(randomMatrix(2, 3, 4)));
    const dataset = await open().importVectors({ name: 'few', metric: 'ip', base: path, queries: queryPath });
    expect(dataset.truthK).toBe(20);
    await expectTruth(dataset);
  });
});

describe('neighbours that come with the data', () => {
  const truthOf = (k: number): { ids: Int32Array; distances: Float32Array } => {
    const found = Array.from({ length: queries.rows }, (_, q) =>
      bruteForce(base, row(queries, q), 'euclidean').slice(0, k),
    ).flat();
    return {
      ids: Int32Array.from(found, ({ id }) => id),
      distances: Float32Array.from(found, ({ distance }) => Math.sqrt(distance)),
    };
  };

  async function importHdf5(ids: Int32Array, distances: Float32Array): Promise<PreparedDataset> {
    const path = join(bench.folder, 'set.hdf5');
    const neighbors = { k: 100, ids };
    await writeHdf5(path, { train: base, test: queries, neighbors, distances, distance: 'euclidean' });
    return open().importVectors({ name: 'h5', metric: 'euclidean', base: path });
  }

  it('are used when a recomputed sample agrees', async () => {
    const { ids, distances } = truthOf(100);
    await expectTruth(await importHdf5(ids, distances));
    expect(bench.progress.filter((event) => /computing/.test(event.message))).toEqual([]);
    expect(bench.warnings).toEqual([]);
  });

  it('are not used when the sample disagrees', async () => {
    const { ids, distances } = truthOf(100);
    await expectTruth(
      await importHdf5(
        ids.map((id) => (id + 1) % 400),
        distances,
      ),
    );
    expect(bench.warnings.join()).toMatch(/given neighbours are not used: query \d+: neighbour 0/);
  });

  it('are not used when only their distances are wrong', async () => {
    const { ids, distances } = truthOf(100);
    await expectTruth(
      await importHdf5(
        ids,
        distances.map((distance) => distance * 1.001),
      ),
    );
    expect(bench.warnings.join()).toMatch(/distance 0 is given as/);
  });

  it('from ivecs are checked', async () => {
    const { ids } = truthOf(5);
    const rows = Array.from({ length: 30 }, (_, q) => [...ids.subarray(q * 5, q * 5 + 5)]);
    await importBoth({ neighbours: await bench.write('good.ivecs', ivecs(rows)) });
    expect(bench.warnings).toEqual([]);
    rows[7] = [1, 2, 3, 4, 400];
    const name = 'wrong';
    await expectTruth(
      await importBoth({ name, metric: 'ip', neighbours: await bench.write('bad.ivecs', ivecs(rows)) }),
    );
    expect(bench.warnings.join()).toMatch(/given neighbours are not used/);
  });
});

describe('bad input', () => {
  const withValue = (value: number): Buffer => {
    const values = base.values.slice();
    values[5 * 12 + 3] = value;
    return fvecs({ ...base, values });
  };

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('a value that is %s', async (value) => {
    const path = await bench.write('bad.fvecs', withValue(value));
    const importing = open().importVectors({ name: 'bad', metric: 'euclidean', base: path });
    await expect(importing).rejects.toThrow(
      `${path}: row 5, column 3 (byte offset ${5 * 52 + 4 + 12}) is ${value}`,
    );
    expect((await open().list()).map(({ name }) => name)).not.toContain('bad');
  });

  it('a zero vector has no angle', async () => {
    const path = await bench.write(
      'zero.fbin',
      fbin({ rows: 3, dim: 2, values: Float32Array.of(1, 1, 0, 0, 1, 0) }),
    );
    const importing = open().importVectors({ name: 'zero', metric: 'angular', base: path });
    await expect(importing).rejects.toThrow(`${path}: row 1 (byte offset 16) is all zeros`);
  });

  it('dimensions and counts that do not match', async () => {
    const other = await bench.write('other.fvecs', fvecs(randomMatrix(5, 11, 1)));
    await expect(importBoth({ queries: other })).rejects.toThrow(
      /dimension 11 differs from 12 of .*base.fvecs/,
    );
    const neighbours = await bench.write('few.ivecs', ivecs([[1], [2]]));
    await expect(importBoth({ neighbours })).rejects.toThrow(/few.ivecs: 2 rows, but .* has 30 queries/);
  });

  it('HDF5 files without the array, with another metric, cut off, or of another kind', async () => {
    const path = join(bench.folder, 'set.hdf5');
    await writeHdf5(path, { train: base, distance: 'angular' });
    const read = (extra: Partial<ImportRequest> = {}): Promise<PreparedDataset> =>
      open().importVectors({ name: 'h5', metric: 'angular', base: path, ...extra });
    await expect(read({ baseField: 'vectors' })).rejects.toMatchObject({
      message: expect.stringContaining('has no array vectors'),
      fix: expect.stringContaining('train'),
    });
    await expect(read({ metric: 'euclidean' })).rejects.toThrow(/attribute distance is angular/);
    await truncate(path, 9000);
    await expect(read()).rejects.toThrow(/set.hdf5: is not a readable HDF5 file \(truncated file/);
    await writeFile(path, 'hello');
    await expect(read()).rejects.toThrow(
      /set.hdf5: is not a readable HDF5 file \(file signature not found\)/,
    );
  });

  it('names', async () => {
    await expect(importBoth({ name: '../up' })).rejects.toMatchObject({ code: 'dataset-name' });
    await expect(importBoth({ name: 'mnist-784-euclidean' })).rejects.toMatchObject({ code: 'dataset-name' });
    await importBoth();
    await expect(importBoth()).rejects.toThrow('there is a dataset mine already');
    await expect(open().get('nothing')).rejects.toThrow(
      /no dataset is called nothing; known: mnist-784.*, mine/,
    );
    await expect(open().verify('nothing')).rejects.toMatchObject({ code: 'dataset-unknown' });
  });
});

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
});
