import { UserError } from '../errors.ts';

/** Vectors somewhere on disk, read front to back in bounded memory. */
export interface VectorSource {
  /** For messages: the file, and the part of it where it holds several arrays. */
  readonly label: string;
  readonly rows: number;
  readonly dim: number;
  /** Whole rows, in order, a few megabytes at a time. A batch is valid until the next one is asked for. */
  batches(): AsyncIterable<Float32Array>;
  /** Where a value lies, e.g. `byte offset 1234`. */
  locate(row: number, column: number): string;
}

/** Neighbour ids of every query, nearest first; `k` per row. */
export interface NeighbourSource {
  readonly label: string;
  readonly rows: number;
  readonly k: number;
  readonly ids: Uint32Array;
  /** In the unit of the file (ann-benchmarks: not squared), where the file has them. */
  readonly distances?: Float32Array;
}

/** A file that is not what its format says: names the file and the field, and what to do. */
export function malformed(path: string, problem: string, fix: string): UserError {
  return new UserError('dataset-malformed', `${path}: ${problem}`, fix);
}

export const refetchFix = 'Fetch or write the file again; it may have been cut off.';

/** Throws unless both counts are positive and below 2^31, which also keeps later arithmetic exact. */
export function checkShape(path: string, rows: number, dim: number, where: string): void {
  const limit = 2 ** 31;
  const good = (x: number): boolean => Number.isInteger(x) && x > 0 && x < limit;
  if (!good(rows)) throw malformed(path, `${where}: ${rows} rows`, 'At least one row is needed.');
  if (!good(dim)) throw malformed(path, `${where}: dimension ${dim}`, 'The dimension must be at least 1.');
}
