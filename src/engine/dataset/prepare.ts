import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricName } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';
import { type CacheEntry, entryFilePath, writeEntry } from './cacheEntry.ts';
import { contentFingerprint, copyCanonical, FbinWriter, hashFile } from './canonicalFile.ts';
import { claimedNeighbours } from './claimedNeighbours.ts';
import { copyRows } from './fbinRows.ts';
import type { RawDataset } from './rawDataset.ts';
import { queryOrder, sampleRows } from './rowOrder.ts';
import { provideTruth, usualTruthK } from './truth.ts';

const splitShare = 0.01;
const splitLimit = 10_000;

export interface PrepareRequest {
  readonly name: string;
  readonly metric: MetricName;
  readonly licence: string;
  readonly source: string;
  readonly imported: boolean;
  /** The content that the name stands for, where it is known. */
  readonly fingerprint?: string | undefined;
  /** Rows of the base that become queries where there are none; default 1 %, at most 10,000. */
  readonly split?: number | undefined;
  /** True neighbours per query; default 100, or all rows where there are fewer. */
  readonly k?: number | undefined;
  /** An empty folder that becomes the dataset's. */
  readonly folder: string;
  readonly truthDir: string;
  readonly onProgress: (message: string, fraction?: number) => void;
  readonly onWarning: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Writes a dataset's canonical files, truth and entry into `request.folder`. */
export async function prepareDataset(raw: RawDataset, request: PrepareRequest): Promise<CacheEntry> {
  const { folder, metric, signal } = request;
  const basePath = entryFilePath(folder, 'base');
  const queryPath = entryFilePath(folder, 'queries');
  const unordered = join(folder, 'unordered.fbin');
  const { split, k } = checkFit(raw, request);

  // 1. Canonical vectors: float32, checked, unit length for angular; queries split off where there are none.
  const counts = await writeVectors(raw, request, split, basePath, unordered);

  // 2. Queries in a seeded order, so that ranges of rows are fair samples.
  const order = queryOrder(counts.queries);
  await copyRows(unordered, order, queryPath);
  await rm(unordered);

  // 3. The content's identity.
  request.onProgress('hashing');
  const base = await hashFile(basePath, signal);
  const queries = await hashFile(queryPath, signal);
  const fingerprint = contentFingerprint(metric, base, queries);
  if (request.fingerprint !== undefined && request.fingerprint !== fingerprint) {
    throw new UserError(
      'dataset-malformed',
      `${raw.base.label}: the vectors have the fingerprint ${fingerprint}, expected ${request.fingerprint}`,
      'The source holds something else than the name stands for. Import it under another name: `annsmith datasets import`.',
    );
  }

  // 4. Exact neighbours.
  const truth = await provideTruth({
    basePath,
    queryPath,
    metric,
    k,
    fingerprint,
    cacheDir: request.truthDir,
    temporaryDir: join(folder, 'sample'),
    outPath: entryFilePath(folder, 'truth'),
    // Neighbours of a file without queries would belong to other rows.
    claimed: raw.neighbours && raw.queries ? claimedNeighbours(raw.neighbours, order, metric) : undefined,
    onProgress: request.onProgress,
    onWarning: request.onWarning,
    signal,
  });
  await rm(join(folder, 'sample'), { recursive: true, force: true });

  const entry: CacheEntry = {
    version: 1,
    name: request.name,
    metric,
    n: counts.n,
    dim: raw.base.dim,
    queries: counts.queries,
    truthK: k,
    fingerprint,
    source: request.source,
    licence: request.licence,
    imported: request.imported,
    files: { base, queries, truth },
  };
  await writeEntry(folder, entry);
  return entry;
}

/** Writes the truth of an entry anew, from its vectors. */
export async function remakeTruth(
  entry: CacheEntry,
  request: Pick<PrepareRequest, 'folder' | 'truthDir' | 'onProgress' | 'onWarning' | 'signal'>,
): Promise<CacheEntry> {
  const { folder } = request;
  const outPath = entryFilePath(folder, 'truth');
  const truth = await provideTruth({
    basePath: entryFilePath(folder, 'base'),
    queryPath: entryFilePath(folder, 'queries'),
    metric: entry.metric,
    k: entry.truthK,
    fingerprint: entry.fingerprint,
    cacheDir: request.truthDir,
    temporaryDir: folder,
    outPath: `${outPath}.new`,
    onProgress: request.onProgress,
    onWarning: request.onWarning,
    signal: request.signal,
  });
  await rename(`${outPath}.new`, outPath);
  const repaired = { ...entry, files: { ...entry.files, truth } };
  await writeEntry(folder, repaired);
  return repaired;
}

/** Throws unless the parts belong together; says how many rows to split off, and how many neighbours to keep. */
function checkFit(raw: RawDataset, request: PrepareRequest): { split: number; k: number } {
  const { base, queries, neighbours } = raw;
  const wrong = (problem: string, fix: string): UserError => new UserError('dataset-dimension', problem, fix);
  if (queries !== undefined && queries.dim !== base.dim) {
    throw wrong(
      `${queries.label}: dimension ${queries.dim} differs from ${base.dim} of ${base.label}`,
      'Queries and base must come from the same space.',
    );
  }
  if (neighbours !== undefined && queries !== undefined && neighbours.rows !== queries.rows) {
    throw wrong(
      `${neighbours.label}: ${neighbours.rows} rows, but ${queries.label} has ${queries.rows} queries`,
      'Each query needs one row of neighbours; leave the neighbours out to have them computed.',
    );
  }
  const usualSplit = Math.min(splitLimit, Math.max(1, Math.round(base.rows * splitShare)));
  const split = queries === undefined ? (request.split ?? usualSplit) : 0;
  if (split >= base.rows) {
    throw wrong(
      `${base.label}: ${split} of its ${base.rows} rows cannot be set aside as queries`,
      'Set fewer aside, or give queries.',
    );
  }
  const n = base.rows - split;
  if (neighbours !== undefined && neighbours.k > n) {
    throw wrong(
      `${neighbours.label}: ${neighbours.k} neighbours per query, but ${base.label} has ${n} rows`,
      'The neighbours belong to another base; leave them out to have them computed.',
    );
  }
  const k = request.k ?? Math.min(usualTruthK, n);
  if (k > n) {
    throw wrong(`${base.label}: k is ${k}, but the base has ${n} rows`, `Ask for at most ${n} neighbours.`);
  }
  return { split, k };
}

async function writeVectors(
  raw: RawDataset,
  request: PrepareRequest,
  split: number,
  basePath: string,
  queryPath: string,
): Promise<{ n: number; queries: number }> {
  const { base } = raw;
  const report = (what: string) => {
    let last = -1;
    return (fraction: number): void => {
      const percent = Math.floor(fraction * 100);
      if (percent !== last) request.onProgress(`reading ${what}`, fraction);
      last = percent;
    };
  };
  const first = await FbinWriter.create(basePath, base.dim);
  const second = await FbinWriter.create(queryPath, base.dim);
  try {
    if (raw.queries === undefined) {
      const chosen = new Set(sampleRows(base.rows, split, 'query-split'));
      const isSecond = (row: number): boolean => chosen.has(row);
      await copyCanonical(
        base,
        request.metric,
        { first, second, isSecond },
        report('vectors'),
        request.signal,
      );
    } else {
      await copyCanonical(base, request.metric, { first }, report('base vectors'), request.signal);
      await copyCanonical(raw.queries, request.metric, { first: second }, report('queries'), request.signal);
    }
  } catch (error) {
    await first.close();
    await second.close();
    throw error;
  }
  await first.finish();
  await second.finish();
  return { n: first.rows, queries: second.rows };
}
