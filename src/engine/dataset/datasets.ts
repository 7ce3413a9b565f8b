import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetInfo, PreparedDataset } from '../../protocol/dataset.ts';
import { cacheFolder } from '../cacheFolder.ts';
import { UserError } from '../errors.ts';
import type { Services } from '../ports.ts';
import { withProcessLock } from '../processLock.ts';
import { type BuildRequest, buildEntry } from './buildEntry.ts';
import {
  type CacheEntry,
  type EntryProblem,
  entryFilePath,
  entryProblems,
  preparedDataset,
  readEntry,
} from './cacheEntry.ts';
import { cachePaths } from './cachePaths.ts';
import { truthProblems } from './claimedNeighbours.ts';
import { partialDownload, sourceText } from './fetchSource.ts';
import { type ImportedFiles, withImportedFiles } from './importedFiles.ts';
import { fetchRegistered, generate } from './makeDataset.ts';
import { remakeTruth } from './prepare.ts';
import { type RegistryEntry, registry } from './registry.ts';
import { parseSyntheticName, syntheticKinds, syntheticPrefix } from './syntheticName.ts';
import { readTruth } from './truthFile.ts';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const largestK = 10_000;

export interface ImportRequest extends ImportedFiles {
  readonly name: string;
  /** True neighbours kept per query; default 100, or all rows of the base where there are fewer. */
  readonly k?: number;
  readonly licence?: string;
  /** Replace an imported dataset of the same name. */
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
}

/** The datasets of this machine. Every method may be called from several processes at once. */
export interface Datasets {
  /** The built-in sets, and whatever else is in the cache. */
  list(): Promise<DatasetInfo[]>;
  /**
   * Fetches, converts and computes whatever is not in the cache yet, or no longer whole; `k` is how many neighbours the
   * caller needs. Throws UserError; an unknown name lists the known.
   */
  get(
    name: string,
    options?: { readonly k?: number; readonly signal?: AbortSignal | undefined },
  ): Promise<PreparedDataset>;
  /** Reads every byte and recomputes the neighbours of a sample of the queries. */
  verify(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
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

/** A dataset that a name stands for; one that cannot be made was imported. */
interface Wanted {
  /** Its one name in the cache. */
  readonly name: string;
  make?(signal: AbortSignal | undefined): Promise<CacheEntry>;
}

interface Found {
  readonly entry: CacheEntry | undefined;
  readonly problems: readonly EntryProblem[];
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
      paths.lock(name),
      { signal, onWait: () => progress(name)('waiting for another process that prepares it') },
      work,
    );

  const building = (name: string, signal: AbortSignal | undefined): BuildRequest => ({
    name,
    paths,
    onProgress: progress(name),
    onWarning: (message) => services.logger.warn(`dataset ${name}: ${message}`),
    signal,
  });

  const find = async (name: string): Promise<Wanted> => {
    const registered = known.find((entry) => entry.name === name);
    if (registered !== undefined)
      return {
        name,
        make: (signal) => fetchRegistered(registered, building(name, signal), services.processes),
      };
    const spec = parseSyntheticName(name);
    if (spec !== undefined)
      return { name: spec.name, make: (signal) => generate(spec, building(spec.name, signal)) };
    if (!namePattern.test(name)) throw await unknown(name);
    return { name };
  };

  /** What the cache has of a dataset, and what is wrong with it; undefined where it has nothing. */
  const inspect = async (
    name: string,
    thorough: boolean,
    signal?: AbortSignal,
  ): Promise<Found | undefined> => {
    const folder = paths.dataset(name);
    const entry = await readEntry(folder);
    if (entry === undefined) return undefined;
    if (typeof entry === 'string') return { entry: undefined, problems: [{ file: 'record', text: entry }] };
    return { entry, problems: await entryProblems(folder, entry, { thorough, signal }) };
  };

  /** Makes again what is wrong or missing; needs the dataset's lock. */
  const restore = async (
    wanted: Wanted,
    found: Found | undefined,
    signal?: AbortSignal,
  ): Promise<CacheEntry> => {
    const { name } = wanted;
    for (const { text } of found?.problems ?? []) {
      services.logger.warn(`dataset ${name} in the cache: ${text}`);
    }
    if (found?.entry !== undefined && found.problems.every(({ file }) => file === 'truth')) {
      services.logger.warn(`dataset ${name}: its true neighbours are made anew`);
      const folder = paths.dataset(name);
      return await remakeTruth(found.entry, { ...building(name, signal), folder, truthDir: paths.truth });
    }
    if (wanted.make !== undefined) {
      if (found !== undefined) services.logger.warn(`dataset ${name}: it is made anew`);
      return await wanted.make(signal);
    }
    if (found === undefined) throw await unknown(name);
    const from = found.entry === undefined ? '' : ` (it came from ${found.entry.source})`;
    const fix = `Import it again: \`annsmith datasets import --name ${name} --base FILE --replace\`${from}.`;
    throw new UserError('dataset-corrupt', found.problems[0]!.text, fix);
  };

  /** Entries in the cache that are not in the registry, by name. */
  const otherEntries = async (): Promise<CacheEntry[]> => {
    const folders = await readdir(paths.datasets).catch(() => []);
    const entries = await Promise.all(folders.map((folder) => readEntry(join(paths.datasets, folder))));
    return entries
      .filter((entry) => typeof entry === 'object')
      .filter((entry) => !known.some(({ name }) => name === entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  };

  const unknown = async (name: string): Promise<UserError> => {
    const names = [...known, ...(await otherEntries())].map((entry) => entry.name);
    return new UserError(
      'dataset-unknown',
      `no dataset is called ${name}; known: ${names.join(', ')}`,
      `Use one of these, a seeded set such as ${syntheticKinds[0]!.example}, or bring your own: \`annsmith datasets import\`.`,
    );
  };

  const stateOf = async (
    name: string,
    partial: readonly string[],
  ): Promise<Pick<DatasetInfo, 'state' | 'bytesOnDisk'>> => {
    const folder = paths.dataset(name);
    const inFolder = await readdir(folder).catch(() => []);
    const files = [...inFolder.map((file) => join(folder, file)), ...partial];
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0),
    );
    const bytesOnDisk = sizes.reduce((sum, size) => sum + size, 0);
    const found = await inspect(name, false);
    if (found?.problems.length === 0) return { state: 'ready', bytesOnDisk };
    return { state: bytesOnDisk === 0 ? 'absent' : 'partial', bytesOnDisk };
  };

  return {
    async list() {
      const infos = known.map(async (registered): Promise<DatasetInfo> => {
        const { sources, fingerprint: _, ...facts } = registered;
        const partial = sources.flatMap((source) => partialDownload(source, paths.downloads));
        return { ...facts, sources: sources.map(sourceText), ...(await stateOf(facts.name, partial)) };
      });
      const others = (await otherEntries()).map(async (entry): Promise<DatasetInfo> => {
        const { name, metric, n, dim, queries, licence, source } = entry;
        return { name, metric, n, dim, queries, licence, sources: [source], ...(await stateOf(name, [])) };
      });
      return await Promise.all([...infos, ...others]);
    },

    async get(name, { k, signal } = {}) {
      const wanted = await find(name);
      const whole = async (): Promise<Found | undefined> => await inspect(wanted.name, false, signal);
      let found = await whole();
      let entry = found?.problems.length === 0 ? found.entry : undefined;
      if (found === undefined && wanted.make === undefined) throw await unknown(name);
      entry ??= await lock(wanted.name, signal, async () => {
        // Another process may have prepared it while this one waited.
        found = await whole();
        if (found?.entry !== undefined && found.problems.length === 0) return found.entry;
        return await restore(wanted, found, signal);
      });
      if (k !== undefined && k > entry.truthK) {
        const fix = `Set search.k to at most ${entry.truthK}, or import the set with more: --k ${k}.`;
        const problem = `k is ${k}, but ${name} has ${entry.truthK} true neighbours per query (${entry.n} base vectors)`;
        throw new UserError('dataset-k', problem, fix);
      }
      return preparedDataset(paths.dataset(wanted.name), { ...entry, name });
    },

    async verify(name, { signal } = {}) {
      const wanted = await find(name);
      const found = await inspect(wanted.name, true, signal);
      if (found === undefined && wanted.make === undefined) throw await unknown(name);
      if (found === undefined) {
        return { ok: false, problems: [`${name} is not in the cache`] };
      }
      const problems = found.problems.map(({ text }) => text);
      if (found.entry !== undefined && problems.length === 0) {
        progress(name)('recomputing the neighbours of a sample');
        const folder = paths.dataset(wanted.name);
        const dataset = preparedDataset(folder, found.entry);
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
      const { name, k, split, licence = 'not stated', base, signal } = request;
      checkNewName(name, known);
      if (k !== undefined && !(Number.isSafeInteger(k) && k >= 1 && k <= largestK)) {
        throw new UserError('dataset-options', `k is ${k}`, `Give a whole number from 1 to ${largestK}.`);
      }
      const entry = await lock(name, signal, async () => {
        if (!request.replace && (await readEntry(paths.dataset(name))) !== undefined) {
          const fix = 'Choose another name, or replace it: `--replace`.';
          throw new UserError('dataset-name', `there is a dataset ${name} already`, fix);
        }
        return await buildEntry(building(name, signal), (_temporary, prepare) =>
          withImportedFiles(request, (raw, metric) =>
            prepare(raw, { metric, licence, source: base, imported: true, split, k }),
          ),
        );
      });
      return preparedDataset(paths.dataset(name), entry);
    },
  };
}

function checkNewName(name: string, known: readonly RegistryEntry[]): void {
  const wrong = (problem: string, fix: string): UserError => new UserError('dataset-name', problem, fix);
  if (!namePattern.test(name)) {
    const fix = 'Use letters, digits, dots, dashes and underscores, at most 100.';
    throw wrong(`${JSON.stringify(name)} is not a name for a dataset`, fix);
  }
  if (known.some((entry) => entry.name === name) || name.startsWith(syntheticPrefix)) {
    throw wrong(`${name} is the name of a built-in dataset`, 'Choose another name.');
  }
}
