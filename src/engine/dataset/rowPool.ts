import { hash } from 'node:crypto';
import { poolOrder } from './rowOrder.ts';
import type { VectorSource } from './vectorSource.ts';

const blockBytes = 4 << 20;

/** Rows of one dimension, gathered in memory, for sources that come without a split into base and queries. */
export class RowPool {
  readonly #label: string;
  readonly #dim: number;
  readonly #rowsPerBlock: number;
  readonly #blocks: Float32Array[] = [];
  /** SHA-1 of every row, where rows must differ. */
  readonly #seen: Set<string> | undefined;
  #rows = 0;

  /** With `distinct`, rows of zeros and repeated rows are left out. */
  constructor(options: { readonly label: string; readonly dim: number; readonly distinct: boolean }) {
    this.#label = options.label;
    this.#dim = options.dim;
    this.#rowsPerBlock = Math.max(1, Math.floor(blockBytes / (4 * options.dim)));
    this.#seen = options.distinct ? new Set() : undefined;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds the first `dim` values of `values`, rounded to float32. */
  add(values: ArrayLike<number>): void {
    const place = this.#rows % this.#rowsPerBlock;
    if (place === 0 && this.#blocks.length === this.#rows / this.#rowsPerBlock) {
      this.#blocks.push(new Float32Array(this.#rowsPerBlock * this.#dim));
    }
    const row = this.#blocks.at(-1)!.subarray(place * this.#dim, (place + 1) * this.#dim);
    for (let i = 0; i < this.#dim; i++) row[i] = values[i]!;
    if (this.#seen !== undefined) {
      if (row.every((value) => value === 0)) return;
      const digest = hash('sha1', row, 'base64');
      if (this.#seen.has(digest)) return;
      this.#seen.add(digest);
    }
    this.#rows += 1;
  }

  /** All rows in a seeded order, the last `queries` of them apart; `queries` must be below the number of rows. */
  split(queries: number): { readonly base: VectorSource; readonly queries: VectorSource } {
    const order = poolOrder(this.#rows);
    const n = this.#rows - queries;
    return { base: this.#ordered(order.subarray(0, n)), queries: this.#ordered(order.subarray(n)) };
  }

  #row(index: number): Float32Array {
    const place = index % this.#rowsPerBlock;
    const block = this.#blocks[(index - place) / this.#rowsPerBlock]!;
    return block.subarray(place * this.#dim, (place + 1) * this.#dim);
  }

  #ordered(order: Uint32Array): VectorSource {
    const row = (index: number): Float32Array => this.#row(index);
    const [dim, perBatch] = [this.#dim, this.#rowsPerBlock];
    return {
      label: this.#label,
      rows: order.length,
      dim,
      async *batches() {
        for (let from = 0; from < order.length; from += perBatch) {
          const part = order.subarray(from, from + perBatch);
          const batch = new Float32Array(part.length * dim);
          for (const [i, index] of part.entries()) batch.set(row(index), i * dim);
          yield batch;
        }
      },
      locate: (index, column) => `value ${column} of vector ${order[index]}`,
    };
  }
}
