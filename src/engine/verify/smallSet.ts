import { mkdir, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedDataset } from '../../protocol/dataset.ts';
import { exactKnn } from '../native.ts';

/** Enough for a graph of several levels and every path of the code, small enough for sanitizers. */
const baseRows = 4000;
const queryRows = 200;
const headerBytes = 8;

/** Copies the first rows of an `.fbin` file (u32 n, u32 dim, float32 rows) to a file of its own. */
async function copyHead(from: string, to: string, rows: number, dim: number): Promise<void> {
  const source = await open(from);
  const target = await open(to, 'w');
  try {
    const bytes = Buffer.alloc(headerBytes + rows * dim * 4);
    const { bytesRead } = await source.read(bytes, 0, bytes.length, 0);
    if (bytesRead !== bytes.length) throw new Error(`${from}: shorter than its ${rows} first rows`);
    bytes.writeUInt32LE(rows, 0);
    await target.writeFile(bytes);
  } finally {
    await source.close();
    await target.close();
  }
}

/**
 * The head of a dataset with its own exact truth, for the cheap checks and the sanitizers. Queries come from the rows
 * that optimization may see. Made once per dataset in `folder`.
 */
export async function smallSet(dataset: PreparedDataset, folder: string): Promise<PreparedDataset> {
  const n = Math.min(baseRows, dataset.n);
  const queries = Math.min(queryRows, dataset.optimizeRows.count);
  const home = join(folder, `${dataset.fingerprint.slice(0, 16)}-${n}x${queries}`);
  const basePath = join(home, 'base.fbin');
  const queryPath = join(home, 'queries.fbin');
  const truthPath = join(home, 'truth.bin');
  const truthK = Math.min(dataset.truthK, n);
  // The truth is renamed into place last, so its presence means that all three are whole.
  const ready = await stat(truthPath).then(
    () => true,
    () => false,
  );
  if (!ready) {
    await mkdir(home, { recursive: true });
    const partial = (path: string): string => `${path}.${process.pid}`;
    await copyHead(dataset.basePath, partial(basePath), n, dataset.dim);
    await copyHead(dataset.queryPath, partial(queryPath), queries, dataset.dim);
    await rename(partial(basePath), basePath);
    await rename(partial(queryPath), queryPath);
    await exactKnn({
      basePath,
      queryPath,
      metric: dataset.metric,
      k: truthK,
      threads: 1,
      outPath: truthPath,
    });
  }
  const rows = { start: 0, count: queries };
  return {
    ...dataset,
    name: `${dataset.name}-small`,
    n,
    queries,
    optimizeRows: rows,
    holdoutRows: rows,
    basePath,
    queryPath,
    truthPath,
    truthK,
  };
}
