import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { abiDistance } from '../../../src/engine/dataset/claimedNeighbours.ts';
import type { ImportRequest } from '../../../src/engine/dataset/datasets.ts';
import { readTruth } from '../../../src/engine/dataset/truthFile.ts';
import type { MetricName, PreparedDataset } from '../../../src/protocol/dataset.ts';
import { base, importsInto, queries } from './importSupport.ts';
import { fbin, fvecs, ivecs, randomMatrix, useBench, writeHdf5 } from './support.ts';
import { bruteForce, expectTruth, readFbin, row } from './truthSupport.ts';

const bench = useBench();
const { open, importBoth } = importsInto(bench);

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

  it.each(['euclidean', 'angular', 'ip'] as const)(
    'from ivecs get distances of our own, as if they had been computed (%s)',
    async (metric) => {
      const computed = await importBoth({ metric });
      const expected = await readFile(computed.truthPath);
      const { ids, k } = await readTruth(computed.truthPath);
      // Rows of the file are in the order of the queries' file, not in that of the cache.
      const stored = await readFbin(computed.queryPath);
      const order = Array.from({ length: 30 }, (_, q) => row(stored, q));
      if (metric !== 'angular') {
        for (let q = 0; q < 30; q++) expect(order.map(String)).toContain(String(row(queries, q)));
      }
      const angle = (a: Float32Array, b: Float32Array): number =>
        Math.abs(abiDistance('angular', unit(a), unit(b)));
      const rows = Array.from({ length: 30 }, (_, q) => {
        const at = order.findIndex((query) => angle(query, row(queries, q)) < 1e-6);
        return [...ids.subarray(at * k, (at + 1) * k)];
      });
      // Computed truths are kept by content; without them the given ones are all there is.
      await rm(join(bench.folder, 'cache', 'truth'), { recursive: true });
      bench.progress.length = 0;
      const neighbours = await bench.write('n.ivecs', ivecs(rows));
      const given = await importBoth({ metric, neighbours, name: 'given' });
      expect(bench.progress.filter(({ message }) => /computing/.test(message))).toEqual([]);
      expect(bench.warnings).toEqual([]);
      expect(await readFile(given.truthPath)).toEqual(expected);
      // What somebody else found is not handed on to other datasets.
      await importBoth({ metric, name: 'later' });
      expect(bench.progress.some(({ message }) => /later: computing/.test(message))).toBe(true);
    },
  );

  it.each([
    ['listed twice', (ids: number[]) => [...ids.slice(0, 99), ids[0]!], /neighbour is listed twice/],
    [
      'beyond the base',
      (ids: number[]) => [...ids.slice(0, 99), 400],
      /neighbour 99 is row 400 of 400|not a row/,
    ],
    ['in another order', (ids: number[]) => [...ids.slice(1), ids[0]!], /neighbour \d+/],
  ])('are not used when one is %s', async (_, spoil, message) => {
    const { ids } = truthOf(100);
    const rows = Array.from({ length: 30 }, (_, q) => [...ids.subarray(q * 100, q * 100 + 100)]);
    rows[11] = spoil(rows[11]!);
    await expectTruth(await importBoth({ neighbours: await bench.write('n.ivecs', ivecs(rows)) }));
    expect(bench.warnings.join()).toMatch(/given neighbours are not used: query \d+:/);
    expect(bench.warnings.join()).toMatch(message);
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

function unit(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
}

describe('the metric', () => {
  async function importHdf5(distance: string | undefined, metric?: MetricName): Promise<PreparedDataset> {
    const path = join(bench.folder, 'set.hdf5');
    await writeHdf5(path, { train: base, test: queries, ...(distance === undefined ? {} : { distance }) });
    const asked = metric === undefined ? {} : { metric };
    return open().importVectors({ name: 'h5', base: path, replace: true, ...asked });
  }

  it('is what an HDF5 file says, else euclidean', async () => {
    const metricOf = async (distance?: string): Promise<string> => (await importHdf5(distance)).metric;
    expect(await metricOf('angular')).toBe('angular');
    expect(await metricOf('Cosine')).toBe('angular');
    expect(await metricOf('ip')).toBe('ip');
    expect(await metricOf()).toBe('euclidean');
    const path = await bench.write('b.fbin', fbin(base));
    expect((await open().importVectors({ name: 'plain', base: path })).metric).toBe('euclidean');
  });

  it('must be one that is supported, or be named', async () => {
    await expect(importHdf5('jaccard')).rejects.toThrow(
      /attribute distance is jaccard, which is not supported/,
    );
    expect((await importHdf5('jaccard', 'ip')).metric).toBe('ip');
    await expect(importHdf5('angular', 'ip')).rejects.toThrow(
      /distance is angular, but the metric asked for is ip/,
    );
  });
});

describe('a split', () => {
  it('takes as many rows as asked for, the same every time, also from a file that has queries', async () => {
    const path = await bench.write('b.fbin', fbin(base));
    const first = await open().importVectors({ name: 'first', base: path, split: 57 });
    expect([first.n, first.queries]).toEqual([343, 57]);
    await expectTruth(first);
    const again = await open().importVectors({ name: 'again', base: path, split: 57 });
    expect(again.fingerprint).toBe(first.fingerprint);
    const hdf5 = join(bench.folder, 'set.hdf5');
    await writeHdf5(hdf5, { train: base, test: queries });
    const same = await open().importVectors({ name: 'h5', base: hdf5, split: 57 });
    expect(same.fingerprint).toBe(first.fingerprint);
  });

  it('must leave a base, and excludes queries and neighbours', async () => {
    const path = await bench.write('b.fbin', fbin(base));
    const split = (extra: Partial<ImportRequest>) =>
      open().importVectors({ name: 'split', base: path, split: 10, ...extra });
    await expect(split({ split: 400 })).rejects.toThrow(/b.fbin: 400 of its 400 rows cannot be set aside/);
    await expect(split({ split: 0 })).rejects.toThrow(/split is 0/);
    await expect(split({ queries: path })).rejects.toThrow(/both queries and split/);
    const neighbours = await bench.write('n.ivecs', ivecs([[1]]));
    await expect(split({ neighbours })).rejects.toThrow(/neighbours cannot belong to a split/);
    const without = open().importVectors({ name: 'split', base: path, neighbours });
    await expect(without).rejects.toThrow(/n.ivecs: there are no queries beside it/);
  });
});

describe('k', () => {
  it('neighbours are kept, at most all', async () => {
    const dataset = await importBoth({ k: 400 });
    expect(dataset.truthK).toBe(400);
    await expectTruth(dataset);
    await expect(importBoth({ name: 'many', k: 401 })).rejects.toThrow(
      /base.fvecs: k is 401, but the base has 400 rows/,
    );
    await expect(importBoth({ name: 'none', k: 0 })).rejects.toThrow(/k is 0/);
    await expect(open().get('mine', { k: 401 })).rejects.toMatchObject({ code: 'dataset-k' });
    const neighbours = await bench.write(
      'wide.ivecs',
      ivecs(Array.from({ length: 30 }, () => Array.from({ length: 401 }, (_, i) => i))),
    );
    await expect(importBoth({ name: 'wide', neighbours })).rejects.toThrow(
      /wide.ivecs: 401 neighbours per query, but .*base.fvecs has 400 rows/,
    );
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
    await expect(importBoth({ name: 'synthetic-mine' })).rejects.toThrow(/name of a built-in/);
    await importBoth();
    await expect(importBoth()).rejects.toThrow('there is a dataset mine already');
    await expect(open().get('nothing')).rejects.toThrow(
      /no dataset is called nothing; known: mnist-784.*, mine/,
    );
    await expect(open().verify('nothing')).rejects.toMatchObject({ code: 'dataset-unknown' });
  });
});
