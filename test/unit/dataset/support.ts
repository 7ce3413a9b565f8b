/** Small vector files in every format, and the services that dataset tests need. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Progress, Services } from '../../../src/engine/ports.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import { seededRandom } from '../../../src/engine/random.ts';

export interface Matrix {
  readonly rows: number;
  readonly dim: number;
  readonly values: Float32Array;
}

/** Values in [-1, 1), the same for the same seed. */
export function randomMatrix(rows: number, dim: number, seed: number): Matrix {
  const random = seededRandom(seed, 'test-matrix');
  return { rows, dim, values: Float32Array.from({ length: rows * dim }, () => random.next() * 2 - 1) };
}

/** Small non-negative integers: exact in every element type. */
export function byteMatrix(rows: number, dim: number, seed: number): Matrix {
  const random = seededRandom(seed, 'test-bytes');
  return {
    rows,
    dim,
    values: Float32Array.from({ length: rows * dim }, () => Math.floor(random.next() * 256)),
  };
}

function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

export function bytesOf(array: Float32Array | Float64Array | Int32Array | Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

export function fbin({ rows, dim, values }: Matrix): Buffer {
  return Buffer.concat([words(rows, dim), bytesOf(values)]);
}

export function u8bin({ rows, dim, values }: Matrix): Buffer {
  return Buffer.concat([words(rows, dim), Buffer.from(values)]);
}

export function fvecs({ rows, dim, values }: Matrix): Buffer {
  const row = (i: number): Buffer[] => [words(dim), bytesOf(values.slice(i * dim, (i + 1) * dim))];
  return Buffer.concat(Array.from({ length: rows }, (_, i) => row(i)).flat());
}

export function ivecs(ids: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(ids.map((row) => words(row.length, ...row)));
}

/** `axes` multiply to rows * dim; the first one is the rows. */
export function idx({ values }: Matrix, axes: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * axes.length);
  header.writeUInt8(0x08, 2);
  header.writeUInt8(axes.length, 3);
  for (const [i, size] of axes.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Buffer.from(values)]);
}

export function npy(shape: string, descr: string, payload: Buffer, order = 'False'): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, header, payload]);
}

export interface Hdf5Arrays {
  readonly train: Matrix;
  readonly test?: Matrix;
  readonly neighbors?: { readonly k: number; readonly ids: Int32Array };
  readonly distances?: Float32Array;
  readonly distance?: string;
}

export async function writeHdf5(path: string, arrays: Hdf5Arrays): Promise<void> {
  const { default: h5wasm } = await import('h5wasm/node');
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  const add = (name: string, matrix: Matrix): void => {
    file.create_dataset({ name, data: matrix.values, shape: [matrix.rows, matrix.dim], dtype: '<f4' });
  };
  add('train', arrays.train);
  if (arrays.test) add('test', arrays.test);
  if (arrays.neighbors) {
    const { k, ids } = arrays.neighbors;
    file.create_dataset({ name: 'neighbors', data: ids, shape: [ids.length / k, k], dtype: '<i4' });
    if (arrays.distances) {
      file.create_dataset({
        name: 'distances',
        data: arrays.distances,
        shape: [ids.length / k, k],
        dtype: '<f4',
      });
    }
  }
  if (arrays.distance) file.create_attribute('distance', arrays.distance);
  file.close();
}

export interface Bench {
  /** A folder of the test's own, removed after it. */
  readonly folder: string;
  write(name: string, content: Buffer): Promise<string>;
  readonly services: Services;
  readonly warnings: string[];
  readonly progress: Progress[];
}

/** Gives every test of the file a fresh folder and services that record what is said. */
export function useBench(): Bench {
  const warnings: string[] = [];
  const progress: Progress[] = [];
  const bench = {
    folder: '',
    write: async (name: string, content: Buffer): Promise<string> => {
      const path = join(bench.folder, name);
      await writeFile(path, content);
      return path;
    },
    warnings,
    progress,
    services: {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      processes: createProcessRunner(),
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: (message: string) => void warnings.push(message),
        error: (message: string) => void warnings.push(message),
      },
      reporter: { progress: (event: Progress) => void progress.push(event) },
    },
  };
  beforeEach(async () => {
    bench.folder = await mkdtemp(join(tmpdir(), 'annsmith-dataset-'));
    warnings.length = 0;
    progress.length = 0;
  });
  afterEach(() => rm(bench.folder, { recursive: true, force: true }));
  return bench;
}
