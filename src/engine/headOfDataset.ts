import { mkdir, open, rename, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { exactKnn } from './native.ts';

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
 * The first rows of a dataset as one of its own, with its own exact truth. Made once per dataset and size in `folder`.
 * Its fingerprint names the size too.
 */
export async function headOfDataset(
  dataset: PreparedDataset,
  folder: string,
  size: HeadSize,
): Promise<PreparedDataset> {
  const n = Math.min(size.rows, dataset.n);
  const queries = size.queries === undefined ? undefined : Math.min(size.queries, dataset.optimizeRows.count);
  const suffix = `${n}x${queries ?? 'all'}`;
  const home = join(folder, `${dataset.fingerprint.slice(0, 16)}-${suffix}`);
  const basePath = join(home, 'base.fbin');
  const queryPath = queries === undefined ? dataset.queryPath : join(home, 'queries.fbin');
  const truthPath = join(home, 'truth.bin');
  const truthK = Math.min(dataset.truthK, n);
  // The truth is renamed into place last, so its presence means that all are whole.
  const ready = await stat(truthPath).then(
    () => true,
    () => false,
  );
  if (!ready) {
    await mkdir(home, { recursive: true });
    const partial = (path: string): string => `${path}.${process.pid}`;
    await copyHead(dataset.basePath, partial(basePath), n, dataset.dim);
    await rename(partial(basePath), basePath);
    if (queries !== undefined) {
      await copyHead(dataset.queryPath, partial(queryPath), queries, dataset.dim);
      await rename(partial(queryPath), queryPath);
    }
    await exactKnn({
      basePath,
      queryPath,
      metric: dataset.metric,
      k: truthK,
      threads: availableParallelism(),
      outPath: truthPath,
    });
  }
  const few = queries === undefined ? undefined : { start: 0, count: queries };
  return {
    ...dataset,
    name: dataset.name,
    n,
    queries: queries ?? dataset.queries,
    optimizeRows: few ?? dataset.optimizeRows,
    holdoutRows: few ?? dataset.holdoutRows,
    basePath,
    queryPath,
    truthPath,
    truthK,
    fingerprint: `${dataset.fingerprint}-${suffix}`,
  };
}
