import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { MetricName } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';
import type { VectorSource } from './vectorSource.ts';

/** Identity of a file of the cache. */
export interface FileRecord {
  readonly bytes: number;
  readonly sha256: string;
}

export const fbinHeaderBytes = 8;

export async function hashFile(path: string, signal?: AbortSignal): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Identity of a dataset's content. */
export function contentFingerprint(metric: MetricName, base: FileRecord, queries: FileRecord): string {
  return createHash('sha256').update([metric, base.sha256, queries.sha256].join('\n')).digest('hex');
}

/** Writes rows of one dimension as `.fbin`; the number of rows is known once `finish` is called. */
export class FbinWriter {
  readonly #file: FileHandle;
  readonly #dim: number;
  #rows = 0;

  private constructor(file: FileHandle, dim: number) {
    this.#file = file;
    this.#dim = dim;
  }

  static async create(path: string, dim: number): Promise<FbinWriter> {
    if (endianness() !== 'LE') throw new Error('the canonical files need a little-endian machine');
    const file = await open(path, 'wx');
    await file.write(Buffer.alloc(fbinHeaderBytes));
    return new FbinWriter(file, dim);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Appends whole rows. */
  async write(values: Float32Array): Promise<void> {
    if (values.length === 0) return;
    await this.#file.writeFile(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    this.#rows += values.length / this.#dim;
  }

  async finish(): Promise<void> {
    const header = Buffer.alloc(fbinHeaderBytes);
    header.writeUInt32LE(this.#rows, 0);
    header.writeUInt32LE(this.#dim, 4);
    await this.#file.write(header, 0, header.length, 0);
    await this.#file.sync();
    await this.close();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Throws unless every value is finite; `firstRow` is the number of the batch's first row in its source. */
function checkFinite(source: VectorSource, values: Float32Array, firstRow: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value)) continue;
    const row = Math.floor(i / source.dim);
    throw new UserError(
      'dataset-not-finite',
      `${source.label}: row ${firstRow + row}, column ${i % source.dim} (${source.locate(firstRow + row, i % source.dim)}) is ${value}`,
      'Every value must be a finite float32. Remove or repair the row.',
    );
  }
}

/** Scales every row to unit length, in place; a row of zeros is an error, for it has no direction. */
function normalise(source: VectorSource, values: Float32Array, firstRow: number): void {
  const { dim } = source;
  for (let from = 0; from < values.length; from += dim) {
    let squares = 0;
    for (let i = from; i < from + dim; i++) squares += values[i]! * values[i]!;
    if (squares === 0) {
      const row = firstRow + from / dim;
      throw new UserError(
        'dataset-zero-vector',
        `${source.label}: row ${row} (${source.locate(row, 0)}) is all zeros and has no angle`,
        'Remove the row, or import the set as euclidean or ip.',
      );
    }
    const scale = 1 / Math.sqrt(squares);
    for (let i = from; i < from + dim; i++) values[i]! *= scale;
  }
}

/**
 * Streams a source into one writer, or two: rows for which `second` says so go to the second one. Values are checked,
 * and normalised for `angular`. Reports the share done.
 */
export async function copyCanonical(
  source: VectorSource,
  metric: MetricName,
  writers: { readonly first: FbinWriter; readonly second?: FbinWriter; isSecond?(row: number): boolean },
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let row = 0;
  for await (const batch of source.batches()) {
    signal?.throwIfAborted();
    checkFinite(source, batch, row);
    if (metric === 'angular') normalise(source, batch, row);
    const count = batch.length / source.dim;
    if (writers.second === undefined || writers.isSecond === undefined) {
      await writers.first.write(batch);
    } else {
      // Runs of rows with the same destination are written whole.
      for (let from = 0; from < count; ) {
        const toSecond = writers.isSecond(row + from);
        let to = from + 1;
        while (to < count && writers.isSecond(row + to) === toSecond) to++;
        const part = batch.subarray(from * source.dim, to * source.dim);
        await (toSecond ? writers.second : writers.first).write(part);
        from = to;
      }
    }
    row += count;
    onProgress(row / source.rows);
  }
}
