import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isAbort, UserError } from '../errors.ts';
import { withProcessLock } from '../processLock.ts';
import type { CacheEntry } from './cacheEntry.ts';
import type { CachePaths } from './cachePaths.ts';
import { type PrepareRequest, prepareDataset } from './prepare.ts';
import type { RawDataset } from './rawDataset.ts';

/** What is said of a dataset beside its vectors. */
export type About = Pick<
  PrepareRequest,
  'metric' | 'licence' | 'source' | 'imported' | 'fingerprint' | 'split' | 'k'
>;

/** Prepares the vectors that a source has opened. */
export type Prepare = (raw: RawDataset, about: About) => Promise<CacheEntry>;

export interface BuildRequest {
  readonly name: string;
  readonly paths: CachePaths;
  readonly onProgress: PrepareRequest['onProgress'];
  readonly onWarning: PrepareRequest['onWarning'];
  readonly signal?: AbortSignal | undefined;
}

/** Failures of the cache's disk, which are the user's to put right. */
const diskTroubles = ['ENOTDIR', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS'];

/**
 * Builds a dataset in a folder of its own and puts it in place whole; needs the dataset's lock. `withRaw` opens the
 * vectors, with a folder for what it needs meanwhile. Whatever happens, nothing half made stays.
 */
export async function buildEntry(
  request: BuildRequest,
  withRaw: (temporary: string, prepare: Prepare) => Promise<CacheEntry>,
): Promise<CacheEntry> {
  const { name, paths } = request;
  const place = paths.dataset(name);
  await removeLeftovers(paths, basename(place));
  const temporary = join(paths.temporary, `${basename(place)}@${randomUUID()}`);
  const folder = join(temporary, 'dataset');
  try {
    await mkdir(folder, { recursive: true });
    const entry = await withRaw(temporary, (raw, about) =>
      prepareDataset(raw, { ...about, ...request, folder, truthDir: paths.truth }),
    );
    await mkdir(paths.datasets, { recursive: true });
    await rm(place, { recursive: true, force: true });
    await rename(folder, place);
    return entry;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UserError || code === undefined || !diskTroubles.includes(code)) throw error;
    throw new UserError(
      'dataset-cache',
      `${paths.root}: ${name} cannot be written there (${(error as Error).message})`,
      'Make room and allow writing, or choose another folder with ANNSMITH_CACHE.',
      error,
    );
  } finally {
    // What cannot be removed now is a leftover for the next build; the error that led here says more.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Removes what killed processes left: for this dataset, whose lock is held, and for all that nobody works on. */
async function removeLeftovers(paths: CachePaths, mine: string): Promise<void> {
  for (const left of await readdir(paths.temporary).catch(() => [])) {
    const owner = left.slice(0, left.lastIndexOf('@'));
    const remove = (): Promise<void> => rm(join(paths.temporary, left), { recursive: true, force: true });
    if (owner === mine) await remove();
    else if (owner !== '') await ifFree(join(paths.root, owner), remove);
  }
}

async function ifFree(lock: string, work: () => Promise<void>): Promise<void> {
  const busy = new AbortController();
  await withProcessLock(lock, { signal: busy.signal, onWait: () => busy.abort() }, work).catch(
    (error: unknown) => {
      if (!isAbort(error)) throw error;
    },
  );
}
