import type { Dataset, File } from 'h5wasm/node';
import { errorText } from '../errors.ts';
import { fileSize } from './rowStream.ts';
import {
  checkShape,
  malformed,
  type NeighbourSource,
  refetchFix,
  type VectorSource,
} from './vectorSource.ts';

const batchBytes = 4 << 20;

/** What an ann-benchmarks file holds. */
export interface Hdf5Contents {
  readonly base: VectorSource;
  readonly queries?: VectorSource;
  readonly neighbours?: NeighbourSource;
  /** The attribute `distance`, e.g. `euclidean`. */
  readonly distance?: string;
}

export interface Hdf5Fields {
  readonly base?: string;
  readonly queries?: string;
}

function twoAxes(path: string, name: string, array: Dataset): readonly [number, number] {
  const shape = array.shape;
  if (shape === null || shape.length !== 2) {
    throw malformed(
      path,
      `array ${name} has the shape (${shape?.join(', ') ?? ''})`,
      'It must have two axes.',
    );
  }
  checkShape(path, shape[0]!, shape[1]!, `array ${name}`);
  return [shape[0]!, shape[1]!];
}

function slice(path: string, name: string, array: Dataset, from: number, to: number): unknown {
  try {
    return array.slice([[from, to], []]);
  } catch (error) {
    throw malformed(
      path,
      `array ${name}, rows ${from} to ${to}, cannot be read (${reason(error)})`,
      refetchFix,
    );
  }
}

/** The innermost cause in the library's error stack, whose frames read `file line 1 in function(): what went wrong`. */
function reason(error: unknown): string {
  const text = errorText(error);
  return [...text.matchAll(/\(\): (.+)$/gm)].at(-1)?.[1] ?? text.trim();
}

function toFloats(path: string, name: string, values: unknown): Float32Array {
  if (values instanceof Float32Array) return values;
  if (values instanceof Float64Array || values instanceof Uint8Array || values instanceof Int8Array) {
    return new Float32Array(values);
  }
  throw malformed(path, `array ${name} is neither float nor byte`, 'Store it as float32.');
}

function vectors(path: string, name: string, array: Dataset): VectorSource {
  const [rows, dim] = twoAxes(path, name, array);
  const step = Math.max(1, Math.floor(batchBytes / (dim * array.metadata.size)));
  return {
    label: `${path} (array ${name})`,
    rows,
    dim,
    async *batches() {
      for (let from = 0; from < rows; from += step) {
        const to = Math.min(rows, from + step);
        const values = toFloats(path, name, slice(path, name, array, from, to));
        if (values.length !== (to - from) * dim) {
          throw malformed(path, `array ${name} ends before row ${to}`, refetchFix);
        }
        yield values;
      }
    },
    locate: (row, column) => `element [${row}, ${column}] of array ${name}`,
  };
}

function integers(values: unknown): Uint32Array | undefined {
  if (values instanceof Int32Array || values instanceof Uint32Array) return new Uint32Array(values);
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return Uint32Array.from(values, (id) => Number(id));
  }
  return undefined;
}

function neighbours(path: string, file: File): NeighbourSource | undefined {
  const array = find(file, 'neighbors');
  if (array === undefined) return undefined;
  const [rows, k] = twoAxes(path, 'neighbors', array);
  const ids = integers(slice(path, 'neighbors', array, 0, rows));
  if (ids === undefined) throw malformed(path, 'array neighbors holds no integers', 'Store it as int32.');
  const label = `${path} (array neighbors)`;
  const distanceArray = find(file, 'distances');
  if (distanceArray === undefined) return { label, rows, k, ids };
  const distances = toFloats(path, 'distances', slice(path, 'distances', distanceArray, 0, rows));
  return distances.length === ids.length ? { label, rows, k, ids, distances } : { label, rows, k, ids };
}

function find(file: File, name: string): Dataset | undefined {
  const entity = file.get(name);
  return entity !== null && 'slice' in entity ? entity : undefined;
}

/**
 * Opens an ann-benchmarks HDF5 file (`train`, `test`, `neighbors`, `distances`, attribute `distance`) and hands what it
 * holds to `use`; the file is closed when that is done.
 */
export async function withHdf5<T>(
  path: string,
  fields: Hdf5Fields,
  use: (contents: Hdf5Contents) => Promise<T>,
): Promise<T> {
  await fileSize(path);
  // Four megabytes of code that only HDF5 files need.
  const { default: h5wasm } = await import('h5wasm/node');
  // Without this, the library prints its errors to stderr and goes on.
  (await h5wasm.ready).activate_throwing_error_handler();
  let file: File;
  try {
    file = new h5wasm.File(path, 'r');
  } catch (error) {
    throw malformed(path, `is not a readable HDF5 file (${reason(error)})`, refetchFix);
  }
  try {
    const baseName = fields.base ?? 'train';
    const queryName = fields.queries ?? 'test';
    const base = find(file, baseName);
    if (base === undefined) {
      const fix = `It has: ${file.keys().join(', ') || 'nothing'}. Name the array that holds the vectors.`;
      throw malformed(path, `has no array ${baseName}`, fix);
    }
    const queries = find(file, queryName);
    const truth = neighbours(path, file);
    const distance = file.attrs.distance?.value;
    return await use({
      base: vectors(path, baseName, base),
      ...(queries === undefined ? {} : { queries: vectors(path, queryName, queries) }),
      ...(truth === undefined ? {} : { neighbours: truth }),
      ...(typeof distance === 'string' ? { distance } : {}),
    });
  } finally {
    file.close();
  }
}
