import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricName } from '../../protocol/dataset.ts';
import { cpuInfo, exactKnn } from '../native.ts';
import { openBin } from './bin.ts';
import { copyRows, FbinRows } from './fbinRows.ts';
import { sampleRows } from './rowOrder.ts';
import { readTruth, type Truth } from './truthFile.ts';
import type { NeighbourSource } from './vectorSource.ts';

const sampleSize = 100;
/** Stored and recomputed distances may differ by the rounding of float32 and no more. */
const relativeTolerance = 1e-6;

/** The canonical files that a truth belongs to. */
export interface TruthInput {
  readonly basePath: string;
  readonly queryPath: string;
  readonly metric: MetricName;
  readonly k: number;
}

/** Neighbours that somebody else found, in the order of the stored queries. */
export interface ClaimedNeighbours {
  readonly queries: number;
  readonly k: number;
  readonly ids: Uint32Array;
  /** ABI distances, where they are known well enough to be compared. */
  readonly distances?: Float32Array | undefined;
}

/** The ABI's distance in double precision. */
export function abiDistance(metric: MetricName, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  if (metric === 'euclidean') {
    for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
    return sum;
  }
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return metric === 'angular' ? 1 - sum : -sum;
}

function close(a: number, b: number): boolean {
  // Below 1 the tolerance is absolute: angular distances near 0 have lost their leading digits in any float32 file.
  return Math.abs(a - b) <= relativeTolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

/**
 * Recomputes a seeded sample of the queries and compares. Ties are free to differ in their ids: what counts is that each
 * claimed neighbour exists once and lies where the recomputed one lies. Returns what is wrong, a sentence per query.
 */
export async function truthProblems(
  input: TruthInput,
  claimed: ClaimedNeighbours,
  temporaryDir: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const k = Math.min(input.k, claimed.k);
  const sample = sampleRows(claimed.queries, Math.min(sampleSize, claimed.queries), 'truth-sample');
  const samplePath = join(temporaryDir, 'sample.fbin');
  const outPath = join(temporaryDir, 'sample-truth.bin');
  await mkdir(temporaryDir, { recursive: true });
  await copyRows(input.queryPath, sample, samplePath);
  await exactKnn({
    basePath: input.basePath,
    queryPath: samplePath,
    metric: input.metric,
    k,
    threads: cpuInfo().cores,
    outPath,
    ...(signal ? { signal } : {}),
  });
  const actual = await readTruth(outPath);
  await rm(samplePath);
  await rm(outPath);
  const base = await FbinRows.open(input.basePath);
  const queries = await FbinRows.open(input.queryPath);
  try {
    const problems: string[] = [];
    for (const [i, row] of sample.entries()) {
      const query = await queries.row(row);
      const problem = await rowProblem(input.metric, claimed, row, actual, i, query, base);
      if (problem !== undefined) problems.push(`query ${row}: ${problem}`);
    }
    return problems;
  } finally {
    await base.close();
    await queries.close();
  }
}

async function rowProblem(
  metric: MetricName,
  claimed: ClaimedNeighbours,
  row: number,
  actual: Truth,
  actualRow: number,
  query: Float32Array,
  base: FbinRows,
): Promise<string | undefined> {
  const ids = claimed.ids.subarray(row * claimed.k, row * claimed.k + actual.k);
  if (new Set(ids).size !== ids.length) return 'a neighbour is listed twice';
  for (const [i, id] of ids.entries()) {
    if (id >= base.rows) return `neighbour ${i} is row ${id} of ${base.rows}`;
    const expected = actual.distances[actualRow * actual.k + i]!;
    const distance = abiDistance(metric, query, await base.row(id));
    if (!close(distance, expected)) {
      return `neighbour ${i} (row ${id}) is at distance ${distance}, but the true one is at ${expected}`;
    }
    const stated = claimed.distances?.[row * claimed.k + i];
    if (stated !== undefined && !close(stated, expected))
      return `distance ${i} is given as ${stated}, but is ${expected}`;
  }
  return undefined;
}

/**
 * Neighbours that came with a dataset, in the stored order of its queries. Distances are kept for euclidean only: a
 * float32 angular distance near 0 is too coarse to break ties by.
 */
export function claimedNeighbours(
  neighbours: NeighbourSource,
  order: Uint32Array,
  metric: MetricName,
): ClaimedNeighbours {
  const { k, ids, distances } = neighbours;
  const claimed = {
    queries: order.length,
    k,
    ids: new Uint32Array(order.length * k),
    distances: metric === 'euclidean' && distances ? new Float32Array(order.length * k) : undefined,
  };
  for (const [row, from] of order.entries()) {
    for (let i = 0; i < k; i++) {
      claimed.ids[row * k + i] = ids[from * k + i]!;
      if (claimed.distances && distances) claimed.distances[row * k + i] = distances[from * k + i]! ** 2;
    }
  }
  return claimed;
}

/**
 * The first k of every row as a truth, with distances of our own: one pass over the base. A sentence where the rows
 * cannot be the nearest neighbours in order.
 */
export async function claimedTruth(
  input: TruthInput,
  claimed: ClaimedNeighbours,
  signal?: AbortSignal,
): Promise<Truth | string> {
  const { k } = input;
  const base = await openBin(input.basePath, '.fbin');
  const queries = await openBin(input.queryPath, '.fbin');
  const { dim } = base;
  const ids = new Uint32Array(claimed.queries * k);
  for (let row = 0; row < claimed.queries; row++) {
    const part = claimed.ids.subarray(row * claimed.k, row * claimed.k + k);
    if (new Set(part).size !== k) return `query ${row}: a neighbour is listed twice`;
    if (part.some((id) => id >= base.rows)) return `query ${row}: a neighbour is not a row of the base`;
    ids.set(part, row * k);
  }
  const queryValues = new Float32Array(claimed.queries * dim);
  let filled = 0;
  for await (const batch of queries.batches()) {
    queryValues.set(batch, filled);
    filled += batch.length;
  }
  const distances = new Float64Array(ids.length);
  const slots = Uint32Array.from(ids.keys()).sort((a, b) => ids[a]! - ids[b]!);
  let next = 0;
  let firstRow = 0;
  for await (const batch of base.batches()) {
    signal?.throwIfAborted();
    const end = firstRow + batch.length / dim;
    for (; next < slots.length && ids[slots[next]!]! < end; next++) {
      const slot = slots[next]!;
      const from = (ids[slot]! - firstRow) * dim;
      const query = Math.floor(slot / k) * dim;
      distances[slot] = abiDistance(
        input.metric,
        queryValues.subarray(query, query + dim),
        batch.subarray(from, from + dim),
      );
    }
    firstRow = end;
  }
  return inOrder(claimed.queries, k, ids, distances);
}

/** Rows sorted by distance, equal ones by id; they must have been sorted up to rounding. */
function inOrder(queries: number, k: number, ids: Uint32Array, distances: Float64Array): Truth | string {
  const truth = { queries, k, ids: new Uint32Array(ids.length), distances: new Float32Array(ids.length) };
  for (let row = 0; row < queries; row++) {
    const slots = Array.from({ length: k }, (_, i) => row * k + i);
    for (let i = 1; i < k; i++) {
      const [before, after] = [distances[slots[i - 1]!]!, distances[slots[i]!]!];
      if (after < before && !close(before, after))
        return `query ${row}: neighbour ${i} is nearer than the one before`;
    }
    slots.sort((a, b) => distances[a]! - distances[b]! || ids[a]! - ids[b]!);
    for (const [i, slot] of slots.entries()) {
      truth.ids[row * k + i] = ids[slot]!;
      truth.distances[row * k + i] = distances[slot]!;
    }
  }
  return truth;
}
