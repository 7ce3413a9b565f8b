import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** The machine's cache: `$ANNSMITH_CACHE`, else the system's cache folder for this user. */
export function defaultCacheDir(
  env: NodeJS.ProcessEnv = process.env,
  system: NodeJS.Platform = platform(),
): string {
  if (env.ANNSMITH_CACHE) return env.ANNSMITH_CACHE;
  if (system === 'darwin') return join(homedir(), 'Library', 'Caches', 'annsmith');
  if (system === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'annsmith', 'Cache');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'annsmith');
}

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
