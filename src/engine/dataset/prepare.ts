import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricName } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';
import { type CacheEntry, entryFilePath, writeEntry } from './cacheEntry.ts';
import { copyCanonical, FbinWriter, hashFile } from './canonicalFile.ts';
import { copyRows } from './fbinRows.ts';
import type { RawDataset } from './rawDataset.ts';
import { queryOrder, sampleRows } from './rowOrder.ts';
import { claimedNeighbours, largestTruthK, provideTruth } from './truth.ts';

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
  checkFit(raw);

  // 1. Canonical vectors: float32, checked, unit length for angular; queries split off where there are none.
  const counts = await writeVectors(raw, request, basePath, unordered);

  // 2. Queries in a seeded order, so that ranges of rows are fair samples.
  const order = queryOrder(counts.queries);
  await copyRows(unordered, order, queryPath);
  await rm(unordered);

  // 3. The content's identity.
  request.onProgress('hashing');
  const base = await hashFile(basePath, signal);
  const queries = await hashFile(queryPath, signal);
  const fingerprint = createHash('sha256')
    .update([metric, base.sha256, queries.sha256].join('\n'))
    .digest('hex');

  if (request.fingerprint !== undefined && request.fingerprint !== fingerprint) {
    throw new UserError(
      'dataset-malformed',
      `${raw.base.label}: the vectors have the fingerprint ${fingerprint}, expected ${request.fingerprint}`,
      'The source holds something else than the name stands for. Import it under another name: `annsmith datasets import`.',
    );
  }

  // 4. Exact neighbours.
  const k = Math.min(largestTruthK, counts.n);
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
    onDisagreement: request.onWarning,
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

function checkFit(raw: RawDataset): void {
  const { base, queries, neighbours } = raw;
  if (queries !== undefined && queries.dim !== base.dim) {
    throw new UserError(
      'dataset-dimension',
      `${queries.label}: dimension ${queries.dim} differs from ${base.dim} of ${base.label}`,
      'Queries and base must come from the same space.',
    );
  }
  if (neighbours !== undefined && queries !== undefined && neighbours.rows !== queries.rows) {
    throw new UserError(
      'dataset-dimension',
      `${neighbours.label}: ${neighbours.rows} rows, but ${queries.label} has ${queries.rows} queries`,
      'Each query needs one row of neighbours; leave the neighbours out to have them computed.',
    );
  }
  if (queries === undefined && base.rows < 2) {
    throw new UserError('dataset-dimension', `${base.label}: one row cannot be split`, 'Give queries too.');
  }
}

async function writeVectors(
  raw: RawDataset,
  request: PrepareRequest,
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
      const size = Math.min(splitLimit, Math.max(1, Math.round(base.rows * splitShare)));
      const chosen = new Set(sampleRows(base.rows, size, 'query-split'));
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
