import { createHash } from 'node:crypto';
import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { normalDeviates } from '../../../src/engine/dataset/normalDeviates.ts';
import { parseSyntheticName, syntheticKinds } from '../../../src/engine/dataset/syntheticName.ts';
import { syntheticVectors } from '../../../src/engine/dataset/syntheticVectors.ts';
import type { VectorSource } from '../../../src/engine/dataset/vectorSource.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { splitDatasetNames } from '../../../src/protocol/dataset.ts';
import { useBench } from './support.ts';

const bench = useBench();

function nameOf(text: string): string | undefined {
  return parseSyntheticName(text)?.name;
}

async function rowsOf(source: VectorSource | undefined): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const batch of source!.batches()) {
    for (let at = 0; at < batch.length; at += source!.dim) rows.push(batch.slice(at, at + source!.dim));
  }
  return rows;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
}

describe('synthetic names', () => {
  it('come down to one spelling', () => {
    const one = 'synthetic-clusters:n=100000,d=128,seed=1';
    for (const text of [
      one,
      'synthetic-clusters:n=100k,d=128',
      'synthetic-clusters:d=128,seed=1,n=100000',
      'synthetic-clusters:n=100K,d=128,metric=euclidean,queries=10000,clusters=316',
    ]) {
      expect(nameOf(text)).toBe(one);
    }
    expect(nameOf('synthetic-uniform:n=1m,d=16,metric=angular,queries=2k,seed=7')).toBe(
      'synthetic-uniform:n=1000000,d=16,queries=2000,metric=angular,seed=7',
    );
    expect(nameOf('synthetic-manifold:n=1000,d=8,intrinsic=8')).toBe('synthetic-manifold:n=1000,d=8,seed=1');
    expect(nameOf('synthetic-manifold:n=1000,d=64,intrinsic=8')).toContain('d=64,intrinsic=8');
    for (const { example } of syntheticKinds) expect(nameOf(example)).toBeDefined();
    expect(nameOf('mnist-784-euclidean')).toBeUndefined();
  });

  it('stand in a list with commas like any other', () => {
    const names = ['a-2-ip', 'synthetic-uniform:n=1k,d=16,seed=2', 'synthetic-clusters:n=9,d=2', 'b'];
    expect(splitDatasetNames(names.join(','))).toEqual(names);
    expect(splitDatasetNames(names.join(', '))).toEqual(names);
    expect(splitDatasetNames('mine')).toEqual(['mine']);
  });

  it.each([
    ['synthetic-spheres:n=10,d=2', /there is no synthetic-spheres; there are synthetic-clusters/],
    ['synthetic-clusters', /n is missing/],
    ['synthetic-clusters:n=10', /d is missing/],
    ['synthetic-clusters:n=ten,d=2', /n must be a whole number from 1 to/],
    ['synthetic-clusters:n=0,d=2', /n must be a whole number/],
    ['synthetic-clusters:n=11m,d=2', /n must be a whole number/],
    ['synthetic-clusters:n=10m,d=4096', /n times d must be at most/],
    ['synthetic-clusters:n=10,d=2,d=3', /d is given twice/],
    ['synthetic-clusters:n=10,d=2,clusters=11', /clusters must be a whole number from 1 to 10/],
    ['synthetic-clusters:n=10,d=2,intrinsic=1', /unknown key intrinsic; there are n, d,/],
    ['synthetic-manifold:n=10,d=2,intrinsic=3', /intrinsic must be a whole number from 1 to 2/],
    ['synthetic-uniform:n=10,d=2,metric=cosine', /metric must be one of euclidean, angular, ip/],
    ['synthetic-uniform:n=10,d=2,seed=-1', /seed must be a whole number/],
  ])('%s is refused', (text, message) => {
    expect(() => parseSyntheticName(text)).toThrow(message);
    try {
      parseSyntheticName(text);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'dataset-name',
        fix: expect.stringContaining('Example: synthetic-'),
      });
    }
  });
});

describe('synthetic vectors', () => {
  it('normal deviates have the moments and the tails of the normal distribution', () => {
    const next = normalDeviates(seededRandom(3));
    const count = 400_000;
    const values = Float64Array.from({ length: count }, next);
    const mean = (f: (x: number) => number): number => values.reduce((sum, x) => sum + f(x), 0) / count;
    // Bounds of five standard errors.
    expect(Math.abs(mean((x) => x))).toBeLessThan(0.008);
    expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(0.0112);
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(0.078);
    expect(Math.abs(mean((x) => Number(Math.abs(x) < 1)) - 0.6827)).toBeLessThan(0.0037);
    expect(Math.abs(mean((x) => Number(Math.abs(x) > 3)) - 0.0027)).toBeLessThan(0.00042);
  });

  const digest = async (source: VectorSource | undefined): Promise<string> => {
    const hash = createHash('sha256');
    for (const row of await rowsOf(source)) hash.update(row);
    return hash.digest('hex').slice(0, 16);
  };

  // Written down when they were first made: a name must mean the same vectors for ever, to the last bit.
  it.each([
    ['synthetic-clusters:n=500,d=20', '3f8fb12424a2d791', 'e655cdbfe1df44a4'],
    ['synthetic-uniform:n=500,d=20', '35dd94f0274a069d', '246db17cc49fa415'],
    ['synthetic-manifold:n=500,d=20', 'afd3a45d1969fc8b', '4a5992b52f3c7e58'],
  ])('%s never changes', async (name, base, queries) => {
    const raw = syntheticVectors(parseSyntheticName(name)!);
    expect([await digest(raw.base), await digest(raw.queries)]).toEqual([base, queries]);
    const fewer = syntheticVectors(parseSyntheticName(`${name},queries=7`)!);
    expect(await digest(fewer.base)).toBe(base);
    expect(await rowsOf(fewer.queries)).toEqual((await rowsOf(raw.queries)).slice(0, 7));
    const other = syntheticVectors(parseSyntheticName(`${name},seed=2`)!);
    expect(await digest(other.base)).not.toBe(base);
  });

  it('clusters: as many as asked for, base and queries around the same centres', async () => {
    const raw = syntheticVectors(
      parseSyntheticName('synthetic-clusters:n=3000,d=200,clusters=7,queries=300')!,
    );
    const centres: Float32Array[] = [];
    const members: Float32Array[][] = [];
    // Two points of a cluster are 0.5 * sqrt(2 * 200) = 10 apart, two centres sqrt(2 * 200) = 20.
    for (const row of [...(await rowsOf(raw.base)), ...(await rowsOf(raw.queries))]) {
      const own = centres.findIndex((centre) => squaredDistance(centre, row) < 15 ** 2);
      if (own >= 0) members[own]!.push(row);
      else {
        centres.push(row);
        members.push([row]);
      }
    }
    expect(centres).toHaveLength(7);
    for (const group of members) {
      expect(group.length).toBeGreaterThan(300);
      expect(Math.sqrt(squaredDistance(group[1]!, group[2]!))).toBeGreaterThan(8);
    }
  });

  it('uniform: within the cube, and out to its faces', async () => {
    const raw = syntheticVectors(parseSyntheticName('synthetic-uniform:n=20k,d=5')!);
    const values = (await rowsOf(raw.base)).flatMap((row) => [...row]);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(-1);
    expect(values.filter((x) => Math.abs(x) > 0.9).length / values.length).toBeCloseTo(0.1, 2);
  });

  it('manifold: distances of neighbours shrink with n as in its few dimensions, not as in its many', async () => {
    const nearest = async (n: number): Promise<number> => {
      const name = `synthetic-manifold:n=${n},d=48,intrinsic=3,queries=60`;
      const raw = syntheticVectors(parseSyntheticName(name)!);
      const base = await rowsOf(raw.base);
      const logs = (await rowsOf(raw.queries)).map((query) =>
        Math.log(base.reduce((least, row) => Math.min(least, squaredDistance(query, row)), Infinity)),
      );
      return Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length / 2);
    };
    // In m dimensions the nearest of sixteen times as many points is 16^(1/m) times as near: 2.5 for 3, 1.06 for 48.
    const ratio = (await nearest(250)) / (await nearest(4000));
    expect(ratio).toBeGreaterThan(1.9);
    expect(ratio).toBeLessThan(3.3);
  });
});

describe('synthetic datasets', () => {
  const cache = (): string => join(bench.folder, 'cache');
  const open = () => openDatasets({ services: bench.services, cacheDir: cache() });
  const name = 'synthetic-clusters:n=2000,d=12,queries=50,metric=angular,seed=1';

  it('are made on demand, once for every spelling, and listed', async () => {
    const made = await open().get(name);
    expect(made).toMatchObject({ name, n: 2000, dim: 12, queries: 50, metric: 'angular', truthK: 100 });
    expect(await open().verify(name)).toEqual({ ok: true, problems: [] });
    bench.progress.length = 0;
    const other = 'synthetic-clusters:d=12,n=2k,metric=angular,queries=50';
    expect(await open().get(other)).toEqual({ ...made, name: other });
    expect(bench.progress).toEqual([]);
    expect(await readdir(join(cache(), 'datasets'))).toEqual([name.replace(':', ',')]);
    expect((await open().list()).find((info) => info.name === name)).toMatchObject({
      state: 'ready',
      n: 2000,
    });
  });

  it('are made anew, the same, when the cache is corrupt', async () => {
    const made = await open().get(name);
    const before = await readFile(made.basePath);
    await truncate(made.basePath, 1000);
    expect(await open().get(name)).toEqual(made);
    expect(await readFile(made.basePath)).toEqual(before);
    expect(bench.warnings.join('\n')).toMatch(/base.fbin has 1000 bytes .*\n.*it is made anew/);
    await rm(join(made.basePath, '..', 'dataset.json'));
    expect(await open().get(name)).toEqual(made);
  });

  it('say when k is more than they have', async () => {
    const few = 'synthetic-uniform:n=5,d=3,queries=2';
    expect((await open().get(few, { k: 5 })).truthK).toBe(5);
    await expect(open().get(few, { k: 6 })).rejects.toThrow(/k is 6, but .* has 5 true neighbours per query/);
    await expect(open().get('synthetic-uniform:n=5')).rejects.toThrow(/d is missing/);
  });
});
