import { describe, expect, it } from 'vitest';
import { base, importsInto, queries } from './importSupport.ts';
import { fbin, type Matrix, randomMatrix, useBench } from './support.ts';
import { expectTruth, readFbin, row } from './truthSupport.ts';

const bench = useBench();
const { open, importBoth } = importsInto(bench);

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
