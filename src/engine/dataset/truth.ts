import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MetricName } from '../../protocol/dataset.ts';
import { cpuInfo, exactKnn } from '../native.ts';
import { type FileRecord, hashFile } from './canonicalFile.ts';
import { copyRows, FbinRows } from './fbinRows.ts';
import { sampleRows } from './rowOrder.ts';
import type { NeighbourSource } from './vectorSource.ts';

export const largestTruthK = 100;
const sampleSize = 100;
/** Stored and recomputed distances may differ by the rounding of float32 and no more. */
const relativeTolerance = 1e-6;
const headerBytes = 8;

/** Neighbours of every query, as in the bigann truth format: ABI distances, ascending. */
export interface Truth {
  readonly queries: number;
  readonly k: number;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
}

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

export async function readTruth(path: string): Promise<Truth> {
  const bytes = await readFile(path);
  const queries = bytes.readUInt32LE(0);
  const k = bytes.readUInt32LE(4);
  const size = queries * k * 4;
  if (bytes.length !== headerBytes + 2 * size)
    throw new Error(`${path} is not a truth file of ${queries} x ${k}`);
  const values = new ArrayBuffer(2 * size);
  new Uint8Array(values).set(bytes.subarray(headerBytes));
  return {
    queries,
    k,
    ids: new Uint32Array(values, 0, queries * k),
    distances: new Float32Array(values, size, queries * k),
  };
}

async function writeTruth(path: string, truth: Truth): Promise<void> {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(truth.queries, 0);
  header.writeUInt32LE(truth.k, 4);
  const bytes = (array: Uint32Array | Float32Array): Buffer =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  await writeFile(path, Buffer.concat([header, bytes(truth.ids), bytes(truth.distances)]));
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

/** The first k of each row as a truth; undefined where there are fewer, no distances, or they do not ascend. */
function asTruth(claimed: ClaimedNeighbours, k: number): Truth | undefined {
  if (claimed.distances === undefined || claimed.k < k) return undefined;
  const ids = new Uint32Array(claimed.queries * k);
  const distances = new Float32Array(claimed.queries * k);
  for (let row = 0; row < claimed.queries; row++) {
    for (let i = 0; i < k; i++) {
      const distance = claimed.distances[row * claimed.k + i]!;
      if (!(distance >= (i === 0 ? 0 : distances[row * k + i - 1]!))) return undefined;
      ids[row * k + i] = claimed.ids[row * claimed.k + i]!;
      distances[row * k + i] = distance;
    }
  }
  return { queries: claimed.queries, k, ids, distances };
}

/** Where truths lie by content, and how this one is found, checked or computed. */
export interface TruthRequest extends TruthInput {
  /** Hash of the content: the key of the cache. */
  readonly fingerprint: string;
  readonly cacheDir: string;
  readonly temporaryDir: string;
  readonly outPath: string;
  /** Neighbours that came with the data, used only if a recomputed sample agrees. */
  readonly claimed?: ClaimedNeighbours | undefined;
  readonly onProgress: (message: string, fraction?: number) => void;
  readonly onDisagreement: (problem: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Puts the truth at `outPath`: from the cache, from the given neighbours, or computed. */
export async function provideTruth(request: TruthRequest): Promise<FileRecord> {
  const cached = join(request.cacheDir, `${request.fingerprint}-${request.k}.bin`);
  const record = await cachedRecord(cached);
  if (record !== undefined) {
    await copyFile(cached, request.outPath);
    return record;
  }
  if (!(await useClaimed(request))) {
    const message = `computing the exact ${request.k} nearest neighbours`;
    request.onProgress(message, 0);
    await exactKnn({
      basePath: request.basePath,
      queryPath: request.queryPath,
      metric: request.metric,
      k: request.k,
      threads: cpuInfo().cores,
      outPath: request.outPath,
      onProgress: (fraction) => request.onProgress(message, fraction),
      ...(request.signal ? { signal: request.signal } : {}),
    });
  }
  return await remember(request.outPath, cached);
}

async function useClaimed(request: TruthRequest): Promise<boolean> {
  const { claimed } = request;
  if (claimed === undefined) return false;
  request.onProgress('checking the given neighbours against a recomputed sample');
  const problems = await truthProblems(request, claimed, request.temporaryDir, request.signal);
  if (problems.length > 0) {
    request.onDisagreement(
      `the given neighbours are not used: ${problems[0]} (${problems.length} such queries)`,
    );
    return false;
  }
  const truth = asTruth(claimed, request.k);
  if (truth === undefined) return false;
  await writeTruth(request.outPath, truth);
  return true;
}

async function cachedRecord(cached: string): Promise<FileRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(`${cached}.json`, 'utf8')) as FileRecord;
    const found = await hashFile(cached);
    return found.sha256 === record.sha256 ? found : undefined;
  } catch {
    return undefined;
  }
}

async function remember(path: string, cached: string): Promise<FileRecord> {
  const record = await hashFile(path);
  await mkdir(dirname(cached), { recursive: true });
  const temporary = `${cached}.tmp${process.pid}`;
  await copyFile(path, temporary);
  await rename(temporary, cached);
  await writeFile(`${cached}.json`, JSON.stringify(record));
  return record;
}
