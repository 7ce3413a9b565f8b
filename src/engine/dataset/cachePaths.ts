import { join } from 'node:path';

/** Where things lie in the cache. */
export interface CachePaths {
  readonly root: string;
  /** Folder of one dataset, complete or absent. */
  dataset(name: string): string;
  readonly datasets: string;
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
    dataset: (name) => join(datasets, name),
    truth: join(root, 'truth'),
    downloads: join(root, 'downloads'),
    temporary: join(root, 'tmp'),
  };
}
