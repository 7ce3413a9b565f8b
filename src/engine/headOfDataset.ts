import { mkdir, open, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import * as z from 'zod';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { cacheFolder } from './cacheFolder.ts';
import {
  type CacheRecord,
  fileProblem,
  fileRecordSchema,
  readCacheRecord,
  writeCacheRecord,
} from './cacheRecord.ts';
import { hashFile } from './dataset/canonicalFile.ts';
import { exactKnn } from './native.ts';
import { withProcessLock } from './processLock.ts';
import type { RunContext } from './runContext.ts';

const headerBytes = 8;
const copyBytes = 1 << 24;

/** Copies the first rows of an `.fbin` file (u32 n, u32 dim, float32 rows) to a file of its own. */
async function copyHead(from: string, to: string, rows: number, dim: number): Promise<void> {
  const source = await open(from);
  const target = await open(to, 'w');
  try {
    const total = headerBytes + rows * dim * 4;
    const buffer = Buffer.alloc(Math.min(total, copyBytes));
    for (let at = 0; at < total; ) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, total - at), at);
      if (bytesRead === 0) throw new Error(`${from}: shorter than its ${rows} first rows`);
      if (at === 0) buffer.writeUInt32LE(rows, 0);
      await target.writeFile(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await source.close();
    await target.close();
  }
}

/** How much of a dataset. `queries`: the first of the rows that optimization may see; absent: all rows, split as before. */
export interface HeadSize {
  readonly rows: number;
  readonly queries?: number;
}

/**
 * The first rows of a dataset as one of its own, with its own exact truth. Made once per dataset and size, kept in the
 * cache, made anew when it is damaged. Its fingerprint names the size too.
 */
export async function headOfDataset(
  { services, signal }: Pick<RunContext, 'services' | 'signal'>,
  dataset: PreparedDataset,
  size: HeadSize,
): Promise<PreparedDataset> {
  const n = Math.min(size.rows, dataset.n);
  const queries = size.queries === undefined ? undefined : Math.min(size.queries, dataset.optimizeRows.count);
  const suffix = `${n}x${queries ?? 'all'}`;
  const home = join(cacheFolder(), 'heads', `${dataset.fingerprint.slice(0, 16)}-${suffix}`);
  const few = queries === undefined ? undefined : { start: 0, count: queries };
  const head: PreparedDataset = {
    ...dataset,
    n,
    queries: queries ?? dataset.queries,
    optimizeRows: few ?? dataset.optimizeRows,
    holdoutRows: few ?? dataset.holdoutRows,
    basePath: join(home, 'base.fbin'),
    queryPath: queries === undefined ? dataset.queryPath : join(home, 'queries.fbin'),
    truthPath: join(home, 'truth.bin'),
    truthK: Math.min(dataset.truthK, n),
    fingerprint: `${dataset.fingerprint}-${suffix}`,
  };
  if ((await readHead(home, signal)).kind === 'found') return head;
  const onWait = (): void =>
    services.reporter.progress({
      stage: 'dataset',
      message: `waiting for another process that makes the head of ${dataset.name}`,
    });
  await withProcessLock(home, { signal, onWait }, async () => {
    // Another process may have made it meanwhile.
    const known = await readHead(home, signal);
    if (known.kind === 'found') return;
    if (known.kind === 'damaged') services.logger.warn(`${known.problem}; it is made anew`);
    await rm(home, { recursive: true, force: true });
    try {
      await makeHead(home, dataset, head, signal);
    } catch (error) {
      await rm(home, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  });
  return head;
}

async function makeHead(
  home: string,
  dataset: PreparedDataset,
  { basePath, queryPath, truthPath, n, queries, metric, truthK }: PreparedDataset,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(home, { recursive: true });
  await copyHead(dataset.basePath, basePath, n, dataset.dim);
  const ownQueries = queryPath !== dataset.queryPath;
  if (ownQueries) await copyHead(dataset.queryPath, queryPath, queries, dataset.dim);
  await exactKnn({
    basePath,
    queryPath,
    metric,
    k: truthK,
    threads: availableParallelism(),
    outPath: truthPath,
    signal,
  });
  const made = ownQueries ? [basePath, queryPath, truthPath] : [basePath, truthPath];
  const files = await Promise.all(made.map(async (path) => [basename(path), await hashFile(path)] as const));
  await writeCacheRecord(join(home, recordName), Object.fromEntries(files));
}

const recordName = 'head.json';
const recordSchema = z.record(z.string(), fileRecordSchema);

async function readHead(home: string, signal: AbortSignal): Promise<CacheRecord<unknown>> {
  const known = await readCacheRecord(join(home, recordName), recordSchema);
  if (known.kind !== 'found') return known;
  for (const [name, expected] of Object.entries(known.value)) {
    const problem = await fileProblem(join(home, name), expected, signal);
    if (problem !== undefined) return { kind: 'damaged', problem };
  }
  return known;
}
