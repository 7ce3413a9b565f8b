import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { metricNames, type PreparedDataset } from '../../protocol/dataset.ts';
import { contentFingerprint, type FileRecord, hashFile } from './canonicalFile.ts';
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
const stampSchema = z.object({ bytes: z.number(), mtimeMs: z.number(), ino: z.number() });
const checkedSchema = z.record(z.string(), stampSchema);

export function entryFilePath(folder: string, file: EntryFile): string {
  return join(folder, { base: 'base.fbin', queries: 'queries.fbin', truth: 'truth.bin' }[file]);
}

export async function writeEntry(folder: string, entry: CacheEntry): Promise<void> {
  const path = join(folder, entryName);
  await writeFile(`${path}.tmp`, `${JSON.stringify(entry, null, 2)}\n`);
  await rename(`${path}.tmp`, path);
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

/** Something wrong in the cache: with a file, or with the record itself. */
export interface EntryProblem {
  readonly file: EntryFile | 'record';
  readonly text: string;
}

/**
 * What is wrong with an entry: the record against itself, every file's size and header, and the SHA-256 of those that
 * were touched since it was last checked, or of all with `thorough`.
 */
export async function entryProblems(
  folder: string,
  entry: CacheEntry,
  options: { readonly thorough: boolean; readonly signal?: AbortSignal | undefined },
): Promise<EntryProblem[]> {
  const { base, queries } = entry.files;
  if (contentFingerprint(entry.metric, base, queries) !== entry.fingerprint) {
    const text = `${join(folder, entryName)}: the fingerprint does not belong to the metric and the files' hashes`;
    return [{ file: 'record', text }];
  }
  const problems: EntryProblem[] = [];
  const checked = await readChecked(folder);
  const now: z.infer<typeof checkedSchema> = {};
  for (const file of Object.keys(entry.files) as EntryFile[]) {
    const path = entryFilePath(folder, file);
    const stamp = await stampOf(path);
    const before = checked[file];
    const touched = JSON.stringify(before) !== JSON.stringify(stamp);
    const problem =
      (await shapeProblem(path, entry, file, stamp?.bytes)) ??
      (options.thorough || touched ? await hashProblem(path, entry.files[file], options.signal) : undefined);
    if (problem !== undefined) problems.push({ file, text: `${path} ${problem}` });
    else if (stamp !== undefined) now[file] = stamp;
  }
  if (JSON.stringify(now) !== JSON.stringify(checked)) {
    // A cache that cannot be written is still good to read.
    await writeFile(join(folder, checkedName), JSON.stringify(now)).catch(() => undefined);
  }
  return problems;
}

type Stamp = z.infer<typeof stampSchema>;

async function stampOf(path: string): Promise<Stamp | undefined> {
  const status = await stat(path).catch(() => undefined);
  return status && { bytes: status.size, mtimeMs: status.mtimeMs, ino: status.ino };
}

/** Rows and columns that the header of a file must state. */
function headerOf(entry: CacheEntry, file: EntryFile): readonly [number, number] {
  if (file === 'truth') return [entry.queries, entry.truthK];
  return [file === 'base' ? entry.n : entry.queries, entry.dim];
}

async function shapeProblem(
  path: string,
  entry: CacheEntry,
  file: EntryFile,
  bytes: number | undefined,
): Promise<string | undefined> {
  if (bytes === undefined) return 'is missing';
  const expected = entry.files[file].bytes;
  if (bytes !== expected) return `has ${bytes} bytes instead of ${expected}`;
  const header = Buffer.alloc(8);
  const handle = await open(path);
  try {
    await handle.read(header, 0, header.length, 0);
  } finally {
    await handle.close();
  }
  const [rows, columns] = headerOf(entry, file);
  const found = [header.readUInt32LE(0), header.readUInt32LE(4)];
  if (found[0] === rows && found[1] === columns) return undefined;
  return `has the header ${found.join(' x ')} instead of ${rows} x ${columns}`;
}

async function hashProblem(
  path: string,
  expected: FileRecord,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const { sha256 } = await hashFile(path, signal);
  return sha256 === expected.sha256
    ? undefined
    : `has changed: SHA-256 ${sha256} instead of ${expected.sha256}`;
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
