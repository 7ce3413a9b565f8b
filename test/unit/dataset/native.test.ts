import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readTruth } from '../../../src/engine/dataset/truthFile.ts';
import {
  abiIncludeDir,
  cpuInfo,
  type ExactKnnOptions,
  exactKnn,
  harnessPath,
} from '../../../src/engine/native.ts';
import { fbin, randomMatrix, useBench } from './support.ts';

const bench = useBench();
afterEach(() => vi.unstubAllEnvs());

async function options(extra: Partial<ExactKnnOptions> = {}): Promise<ExactKnnOptions> {
  return {
    basePath: await bench.write('base.fbin', fbin(randomMatrix(3000, 16, 1))),
    queryPath: await bench.write('queries.fbin', fbin(randomMatrix(2500, 16, 2))),
    metric: 'euclidean',
    k: 10,
    threads: 2,
    outPath: join(bench.folder, 'truth.bin'),
    ...extra,
  };
}

describe('the native addon', () => {
  it('describes the processor', () => {
    const cpu = cpuInfo();
    expect(cpu.cores).toBeGreaterThan(0);
    expect(cpu.model).not.toBe('');
    expect(cpu.isa.length).toBeGreaterThan(0);
  });

  it('reports progress and limits the base to its first rows', async () => {
    const fractions: number[] = [];
    const summary = await exactKnn(
      await options({ rows: 7, onProgress: (fraction) => fractions.push(fraction) }),
    );
    expect(summary).toEqual({ queries: 2500, k: 10, widened: 0, scanned: 0 });
    expect(fractions.at(-1)).toBe(1);
    const truth = await readTruth(join(bench.folder, 'truth.bin'));
    expect([...truth.ids.subarray(0, 7)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...truth.ids.subarray(7, 10)]).toEqual([0xffffffff, 0xffffffff, 0xffffffff]);
    expect(truth.distances[9]).toBe(Number.POSITIVE_INFINITY);
  });

  it('stops when cancelled and writes nothing', async () => {
    const controller = new AbortController();
    const working = exactKnn(
      await options({ signal: controller.signal, threads: 1, onProgress: () => controller.abort() }),
    );
    // The first block of queries reports before the second begins; whichever way that race ends, there is no half file.
    const outcome = await working.then(
      () => 'done',
      (error: Error) => error.name,
    );
    expect(existsSync(join(bench.folder, 'truth.bin'))).toBe(outcome === 'done');
    const early = new AbortController();
    early.abort();
    await expect(exactKnn(await options({ signal: early.signal }))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  const invalid: [field: string, value: unknown][] = [
    ['basePath', ''],
    ['queryPath', 7],
    ['outPath', 'a\0b'],
    ['metric', 'cosine'],
    ['k', 0],
    ['k', 1.5],
    ['k', 1e9],
    ['threads', Number.NaN],
    ['threads', -1],
    ['rows', 0],
    ['onProgress', 'no'],
  ];
  it.each(invalid)('refuses %s = %j', async (field, value) => {
    const bad = { ...(await options()), [field]: value } as ExactKnnOptions;
    await expect(exactKnn(bad)).rejects.toThrow(new RegExp(`exactKnn: ${field} must be`));
  });

  it('names the file that does not fit', async () => {
    const other = await bench.write('other.fbin', fbin(randomMatrix(5, 15, 3)));
    await expect(exactKnn(await options({ queryPath: other }))).rejects.toThrow(
      /other.fbin: dim 15 differs from dim 16/,
    );
    const cut = await bench.write('cut.fbin', fbin(randomMatrix(5, 16, 3)).subarray(0, 99));
    await expect(exactKnn(await options({ queryPath: cut }))).rejects.toThrow(/cut.fbin: the header/);
    await expect(exactKnn(await options({ rows: 3001 }))).rejects.toThrow(/rows is 3001, but .* has 3000/);
    const outPath = join(bench.folder, 'no', 'where');
    await expect(exactKnn(await options({ outPath }))).rejects.toThrow(/no\/where/);
  });

  it('says how to build what is missing', () => {
    vi.stubEnv('ANNSMITH_NATIVE_DIR', bench.folder);
    expect(() => harnessPath()).toThrow(join(bench.folder, 'bin', 'annsmith-harness'));
    try {
      harnessPath();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'native-missing',
        fix: expect.stringContaining('npm run build:native'),
      });
    }
  });

  it('finds the C ABI', () => {
    expect(existsSync(join(abiIncludeDir(), 'annsmith', 'abi.h'))).toBe(true);
  });
});
