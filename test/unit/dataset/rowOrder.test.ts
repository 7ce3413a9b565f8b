import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../src/engine/cacheFolder.ts';
import { queryOrder, sampleRows, splitQueries } from '../../../src/engine/dataset/rowOrder.ts';

describe('row orders', () => {
  it('contain every row once and depend on the count alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), (count) => {
        const order = queryOrder(count);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(queryOrder(count)).toEqual(order);
      }),
    );
  });

  it('samples are distinct, ascending and different for different labels', () => {
    const sample = sampleRows(1000, 50, 'a');
    expect(new Set(sample).size).toBe(50);
    expect([...sample]).toEqual([...sample].sort((a, b) => a - b));
    expect(sampleRows(1000, 50, 'b')).not.toEqual(sample);
  });

  it('splits cover all queries without overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (count) => {
        const { optimizeRows, holdoutRows } = splitQueries(count);
        expect(optimizeRows.start).toBe(0);
        expect(holdoutRows.start).toBe(optimizeRows.count);
        expect(optimizeRows.count + holdoutRows.count).toBe(count);
        if (count > 1) expect(holdoutRows.count).toBeGreaterThan(0);
      }),
    );
    expect(splitQueries(10_000)).toEqual({
      optimizeRows: { start: 0, count: 8000 },
      holdoutRows: { start: 8000, count: 2000 },
    });
  });
});

describe('the cache folder', () => {
  it('follows the system', () => {
    expect(cacheFolder({ ANNSMITH_CACHE: '/c' }, 'linux')).toBe('/c');
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/annsmith');
    expect(cacheFolder({}, 'linux')).toMatch(/\.cache\/annsmith$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Library\/Caches\/annsmith$/);
    expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toMatch(/^\/l.annsmith/);
  });
});
