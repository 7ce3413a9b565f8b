import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { metricNames, type PreparedDataset } from '../../protocol/dataset.ts';
import { type FileRecord, hashFile } from './canonicalFile.ts';
import { splitQueries } from './rowOrder.ts';

const fileRecord = z.object({ bytes: z.int().positive(), sha256: z.string().length(64) });

const entrySchema = z.object({
  version: z.literal(1),
  name: z.string(),
  metric: z.enum(metricNames),
  n: z.int().positive(),
  dim: z.int().positive(),
  queries: z.int().positive(),
  truthK: z.int().positive(),
  fingerprint: z.string().length(64),
  /** Where the vectors came from, for people. */
  source: z.string(),
  licence: z.string(),
  imported: z.boolean(),
  files: z.object({ base: fileRecord, queries: fileRecord, truth: fileRecord }),
});

/** What the cache knows about one prepared dataset: `dataset.json` in its folder. */
export type CacheEntry = z.infer<typeof entrySchema>;
export type EntryFile = keyof CacheEntry['files'];

const entryName = 'dataset.json';
/** Sizes and times of the files when their hashes were last checked; a file that was not touched is not read again. */
const checkedName = 'checked.json';
const checkedSchema = z.record(
  z.string(),
  z.object({ bytes: z.number(), mtimeMs: z.number(), ino: z.number() }),
);

export function entryFilePath(folder: string, file: EntryFile): string {
  return join(folder, { base: 'base.fbin', queries: 'queries.fbin', truth: 'truth.bin' }[file]);
}

export async function writeEntry(folder: string, entry: CacheEntry): Promise<void> {
  await writeFile(join(folder, entryName), `${JSON.stringify(entry, null, 2)}\n`);
}

/** The entry of a folder; undefined when there is none, a sentence when it cannot be used. */
export async function readEntry(folder: string): Promise<CacheEntry | string | undefined> {
  const path = join(folder, entryName);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined)
    return (await stat(folder).catch(() => undefined)) ? `${path} is missing` : undefined;
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch (error) {
    return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What is wrong with the files of an entry. `thorough` reads every byte; else untouched files are trusted. */
export async function entryProblems(
  folder: string,
  entry: CacheEntry,
  options: { readonly thorough: boolean; readonly signal?: AbortSignal | undefined },
): Promise<string[]> {
  const problems: string[] = [];
  const checked = await readChecked(folder);
  const now: z.infer<typeof checkedSchema> = {};
  for (const [file, expected] of Object.entries(entry.files) as [EntryFile, FileRecord][]) {
    const path = entryFilePath(folder, file);
    const status = await stat(path).catch(() => undefined);
    if (status === undefined) {
      problems.push(`${path} is missing`);
      continue;
    }
    if (status.size !== expected.bytes) {
      problems.push(`${path} has ${status.size} bytes instead of ${expected.bytes}`);
      continue;
    }
    const stamp = { bytes: status.size, mtimeMs: status.mtimeMs, ino: status.ino };
    const before = checked[file];
    const untouched =
      before?.mtimeMs === stamp.mtimeMs && before.bytes === stamp.bytes && before.ino === stamp.ino;
    if (options.thorough || !untouched) {
      const { sha256 } = await hashFile(path, options.signal);
      if (sha256 !== expected.sha256) {
        problems.push(`${path} has changed: SHA-256 ${sha256} instead of ${expected.sha256}`);
        continue;
      }
    }
    now[file] = stamp;
  }
  if (JSON.stringify(now) !== JSON.stringify(checked)) {
    // A cache that cannot be written is still good to read.
    await writeFile(join(folder, checkedName), JSON.stringify(now)).catch(() => undefined);
  }
  return problems;
}

async function readChecked(folder: string): Promise<z.infer<typeof checkedSchema>> {
  try {
    return checkedSchema.parse(JSON.parse(await readFile(join(folder, checkedName), 'utf8')));
  } catch {
    return {};
  }
}

export function preparedDataset(folder: string, entry: CacheEntry): PreparedDataset {
  return {
    name: entry.name,
    metric: entry.metric,
    n: entry.n,
    dim: entry.dim,
    queries: entry.queries,
    ...splitQueries(entry.queries),
    basePath: entryFilePath(folder, 'base'),
    queryPath: entryFilePath(folder, 'queries'),
    truthPath: entryFilePath(folder, 'truth'),
    truthK: entry.truthK,
    fingerprint: entry.fingerprint,
  };
}
