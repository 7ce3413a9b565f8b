import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetInfo, MetricName, PreparedDataset } from '../../protocol/dataset.ts';
import { cacheFolder } from '../cacheFolder.ts';
import { isAbort, UserError } from '../errors.ts';
import type { Services } from '../ports.ts';
import { type CacheEntry, entryFilePath, entryProblems, preparedDataset, readEntry } from './cacheEntry.ts';
import { cachePaths } from './cachePaths.ts';
import { type FetchContext, sourceText, withSource } from './fetchSource.ts';
import { withImportedFiles } from './importedFiles.ts';
import { type PrepareRequest, prepareDataset } from './prepare.ts';
import { withProcessLock } from './processLock.ts';
import type { RawDataset } from './rawDataset.ts';
import { type RegistryEntry, registry } from './registry.ts';
import { readTruth, truthProblems } from './truth.ts';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

export interface ImportRequest {
  readonly name: string;
  readonly metric: MetricName;
  /** npy, fvecs, fbin, u8bin, i8bin, idx (also gzipped) or HDF5. */
  readonly base: string;
  /** Default: array `test` of an HDF5 base; else a seeded 1 % (at most 10,000) of the base is split off. */
  readonly queries?: string;
  /** ivecs or ibin, one row per query: only checked against the computed truth. */
  readonly neighbours?: string;
  /** Names of the arrays in an HDF5 file; default `train` and `test`. */
  readonly baseField?: string;
  readonly queriesField?: string;
  readonly licence?: string;
  /** Replace an imported dataset of the same name. */
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
}

/** The datasets of this machine. Every method may be called from several processes at once. */
export interface Datasets {
  list(): Promise<DatasetInfo[]>;
  /** Fetches, converts and computes whatever is not in the cache yet. Throws UserError; an unknown name lists the known. */
  get(name: string, options?: { readonly signal?: AbortSignal }): Promise<PreparedDataset>;
  /** Reads every byte and recomputes the neighbours of a sample of the queries. */
  verify(
    name: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly ok: boolean; readonly problems: string[] }>;
  importVectors(request: ImportRequest): Promise<PreparedDataset>;
}

export interface DatasetsOptions {
  readonly services: Services;
  /** Default: `$ANNSMITH_CACHE` or the system's cache folder. */
  readonly cacheDir?: string;
  /** Default: the built-in registry. */
  readonly registry?: readonly RegistryEntry[];
}

export function openDatasets(options: DatasetsOptions): Datasets {
  const { services } = options;
  const known = options.registry ?? registry;
  const paths = cachePaths(options.cacheDir ?? cacheFolder());

  const progress = (name: string) => (message: string, fraction?: number) =>
    services.reporter.progress({
      stage: 'dataset',
      message: `${name}: ${message}`,
      ...(fraction === undefined ? {} : { fraction }),
    });

  const lock = <T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> =>
    withProcessLock(
      join(paths.root, name),
      { signal, onWait: () => progress(name)('waiting for another process that prepares it') },
      work,
    );

  /** The usable entry of a dataset, or undefined; what is wrong with an unusable one is logged. */
  const usable = async (name: string, signal?: AbortSignal): Promise<CacheEntry | undefined> => {
    const folder = paths.dataset(name);
    const entry = await readEntry(folder);
    if (entry === undefined) return undefined;
    const problems =
      typeof entry === 'string' ? [entry] : await entryProblems(folder, entry, { thorough: false, signal });
    if (typeof entry !== 'string' && problems.length === 0) return entry;
    for (const problem of problems) services.logger.warn(`dataset ${name} in the cache: ${problem}`);
    if (typeof entry !== 'string' && entry.imported) {
      const fix = `Import it again: \`annsmith datasets import ${name} --base ... --replace\` (it came from ${entry.source}).`;
      throw new UserError('dataset-corrupt', problems[0]!, fix);
    }
    return undefined;
  };

  /** Removes what a process left that was killed while it prepared this dataset; needs the dataset's lock. */
  const removeLeftovers = async (name: string): Promise<void> => {
    const folders = await readdir(paths.temporary).catch(() => []);
    const mine = folders.filter((folder) => folder.startsWith(`${name}@`));
    await Promise.all(
      mine.map((folder) => rm(join(paths.temporary, folder), { recursive: true, force: true })),
    );
  };

  /** Builds in a folder of its own and puts it in place whole; needs the dataset's lock. */
  const build = async (
    name: string,
    withRaw: (temporary: string, use: (raw: RawDataset) => Promise<CacheEntry>) => Promise<CacheEntry>,
    about: Pick<PrepareRequest, 'metric' | 'licence' | 'source' | 'imported' | 'fingerprint'>,
    signal: AbortSignal | undefined,
  ): Promise<PreparedDataset> => {
    await removeLeftovers(name);
    const temporary = join(paths.temporary, `${name}@${randomUUID()}`);
    const folder = join(temporary, 'dataset');
    await mkdir(folder, { recursive: true });
    try {
      const entry = await withRaw(temporary, (raw) =>
        prepareDataset(raw, {
          ...about,
          name,
          folder,
          truthDir: paths.truth,
          onProgress: progress(name),
          onWarning: (message) => services.logger.warn(`dataset ${name}: ${message}`),
          signal,
        }),
      );
      await mkdir(paths.datasets, { recursive: true });
      await rm(paths.dataset(name), { recursive: true, force: true });
      await rename(folder, paths.dataset(name));
      return preparedDataset(paths.dataset(name), entry);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  };

  const fetchRegistered = async (
    registered: RegistryEntry,
    signal?: AbortSignal,
  ): Promise<PreparedDataset> => {
    const failures: UserError[] = [];
    for (const source of registered.sources) {
      const context = (temporaryDir: string): FetchContext => ({
        processes: services.processes,
        downloads: paths.downloads,
        temporaryDir,
        onProgress: progress(registered.name),
        signal,
      });
      try {
        return await build(
          registered.name,
          (temporary, use) =>
            withSource(source, registered.queries, context(temporary), (raw) => {
              checkShape(registered, raw);
              return use(raw);
            }),
          {
            metric: registered.metric,
            licence: registered.licence,
            source: sourceText(source),
            imported: false,
            fingerprint: registered.fingerprint,
          },
          signal,
        );
      } catch (error) {
        if (isAbort(error) || !(error instanceof UserError) || error.code.startsWith('native-')) throw error;
        failures.push(error);
        services.logger.warn(`dataset ${registered.name}: ${error.message}`);
      }
    }
    throw new UserError(
      'dataset-unavailable',
      `${registered.name} cannot be had from any of its sources:\n${failures.map((f) => `  ${f.message}`).join('\n')}`,
      failures.at(-1)?.fix ?? 'Import the files yourself: `annsmith datasets import`.',
      failures[0],
    );
  };

  const importedNames = async (): Promise<string[]> => {
    const names = await readdir(paths.datasets).catch(() => []);
    return names.filter((name) => !known.some((entry) => entry.name === name)).sort();
  };

  const unknown = async (name: string): Promise<UserError> => {
    const names = [...known.map((entry) => entry.name), ...(await importedNames())];
    return new UserError(
      'dataset-unknown',
      `no dataset is called ${name}; known: ${names.join(', ')}`,
      'Use one of these names, or bring your own: `annsmith datasets import`.',
    );
  };

  return {
    async list() {
      const infos = known.map(async (registered): Promise<DatasetInfo> => {
        const { sources, ...facts } = registered;
        return { ...facts, sources: sources.map(sourceText), ...(await stateOf(registered.name)) };
      });
      const imported = (await importedNames()).map(async (name): Promise<DatasetInfo | undefined> => {
        const entry = await readEntry(paths.dataset(name));
        if (entry === undefined || typeof entry === 'string') return undefined;
        const { metric, n, dim, queries, licence, source } = entry;
        return { name, metric, n, dim, queries, licence, sources: [source], ...(await stateOf(name)) };
      });
      return (await Promise.all([...infos, ...imported])).filter((info) => info !== undefined);
    },

    async get(name, { signal } = {}) {
      const registered = known.find((entry) => entry.name === name);
      if (!namePattern.test(name)) throw await unknown(name);
      const entry = await usable(name, signal);
      if (entry !== undefined) return preparedDataset(paths.dataset(name), entry);
      if (registered === undefined) throw await unknown(name);
      return await lock(name, signal, async () => {
        // Another process may have prepared it while this one waited.
        const now = await usable(name, signal);
        if (now !== undefined) return preparedDataset(paths.dataset(name), now);
        return await fetchRegistered(registered, signal);
      });
    },

    async verify(name, { signal } = {}) {
      const folder = paths.dataset(name);
      const entry = namePattern.test(name) ? await readEntry(folder) : undefined;
      if (entry === undefined) {
        if (!known.some((registered) => registered.name === name)) throw await unknown(name);
        return {
          ok: false,
          problems: [`${name} is not in the cache; \`annsmith datasets get ${name}\` fetches it`],
        };
      }
      if (typeof entry === 'string') return { ok: false, problems: [entry] };
      const problems = await entryProblems(folder, entry, { thorough: true, signal });
      if (problems.length === 0) {
        progress(name)('recomputing the neighbours of a sample');
        const dataset = preparedDataset(folder, entry);
        const temporary = join(paths.temporary, `verify-${randomUUID()}`);
        try {
          const truth = await readTruth(entryFilePath(folder, 'truth'));
          problems.push(
            ...(await truthProblems({ ...dataset, k: dataset.truthK }, truth, temporary, signal)),
          );
        } finally {
          await rm(temporary, { recursive: true, force: true });
        }
      }
      return { ok: problems.length === 0, problems };
    },

    async importVectors(request) {
      const { name, signal } = request;
      if (!namePattern.test(name)) {
        const fix = 'Use letters, digits, dots, dashes and underscores, at most 100.';
        throw new UserError('dataset-name', `${JSON.stringify(name)} is not a name for a dataset`, fix);
      }
      if (known.some((entry) => entry.name === name)) {
        throw new UserError(
          'dataset-name',
          `${name} is the name of a built-in dataset`,
          'Choose another name.',
        );
      }
      return await lock(name, signal, async () => {
        if (!request.replace && (await readEntry(paths.dataset(name))) !== undefined) {
          const fix = 'Choose another name, or replace it: `--replace`.';
          throw new UserError('dataset-name', `there is a dataset ${name} already`, fix);
        }
        const about = {
          metric: request.metric,
          licence: request.licence ?? 'not stated',
          source: request.base,
          imported: true,
        };
        return await build(name, (_temporary, use) => withImportedFiles(request, use), about, signal);
      });
    },
  };

  async function stateOf(name: string): Promise<Pick<DatasetInfo, 'state' | 'bytesOnDisk'>> {
    const folder = paths.dataset(name);
    const entry = await readEntry(folder);
    const files = [
      ...(await readdir(folder).catch(() => [])).map((file) => join(folder, file)),
      join(paths.downloads, `${name}.hdf5.part`),
    ];
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0),
    );
    const bytesOnDisk = sizes.reduce((sum, size) => sum + size, 0);
    if (bytesOnDisk === 0) return { state: 'absent', bytesOnDisk };
    if (entry === undefined || typeof entry === 'string') return { state: 'partial', bytesOnDisk };
    const problems = await entryProblems(folder, entry, { thorough: false });
    return { state: problems.length === 0 ? 'ready' : 'partial', bytesOnDisk };
  }
}

/** What a source gives must be what the registry says the name means. */
function checkShape(registered: RegistryEntry, raw: RawDataset): void {
  const found = [raw.base.rows, raw.base.dim, raw.queries?.rows ?? 0];
  const expected = [registered.n, registered.dim, registered.queries];
  if (found.every((value, i) => value === expected[i])) return;
  throw new UserError(
    'dataset-malformed',
    `${raw.base.label}: rows, dimension and queries are ${found.join(', ')}, expected ${expected.join(', ')}`,
    'The source has changed; another source is tried.',
  );
}
