import { join } from 'node:path';

/** A dataset's name as that of a folder: a colon, which only synthetic names have, is not allowed everywhere. */
function folderName(name: string): string {
  return name.replaceAll(':', ',');
}

/** Where things lie in the cache. */
export interface CachePaths {
  readonly root: string;
  /** Folder of one dataset, complete or absent. */
  dataset(name: string): string;
  readonly datasets: string;
  /** Path that stands for the dataset in `withProcessLock`; nothing lies there. */
  lock(name: string): string;
  /** Truth by content: the same vectors under another name need no second computation. */
  readonly truth: string;
  readonly downloads: string;
  readonly temporary: string;
}

export function cachePaths(root: string): CachePaths {
  const datasets = join(root, 'datasets');
  return {
    root,
    datasets,
    dataset: (name) => join(datasets, folderName(name)),
    lock: (name) => join(root, folderName(name)),
    truth: join(root, 'truth'),
    downloads: join(root, 'downloads'),
    temporary: join(root, 'tmp'),
  };
}
