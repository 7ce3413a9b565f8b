import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cpuInfo, exactKnn } from '../native.ts';
import { type FileRecord, hashFile } from './canonicalFile.ts';
import { type ClaimedNeighbours, claimedTruth, type TruthInput, truthProblems } from './claimedNeighbours.ts';
import { writeTruth } from './truthFile.ts';

/** Neighbours that are kept per query, unless an import asks for another number. */
export const usualTruthK = 100;

/** Where truths lie by content, and how this one is found, checked or computed. */
export interface TruthRequest extends TruthInput {
  /** Hash of the content: the key of the cache. */
  readonly fingerprint: string;
  readonly cacheDir: string;
  readonly temporaryDir: string;
  readonly outPath: string;
  /** Neighbours that came with the data, used only if a recomputed sample agrees. */
  readonly claimed?: ClaimedNeighbours | undefined;
  readonly onProgress: (message: string, fraction?: number) => void;
  readonly onWarning: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts the truth at `outPath`: from the cache, from the given neighbours, or computed. Only what was computed here is
 * kept for other datasets of the same content.
 */
export async function provideTruth(request: TruthRequest): Promise<FileRecord> {
  const cached = join(request.cacheDir, `${request.fingerprint}-${request.k}.bin`);
  const record = await cachedRecord(cached);
  if (record !== undefined) {
    await copyFile(cached, request.outPath);
    return record;
  }
  if (await useClaimed(request)) return await hashFile(request.outPath);
  const message = `computing the exact ${request.k} nearest neighbours`;
  request.onProgress(message, 0);
  await exactKnn({
    basePath: request.basePath,
    queryPath: request.queryPath,
    metric: request.metric,
    k: request.k,
    threads: cpuInfo().cores,
    outPath: request.outPath,
    onProgress: (fraction) => request.onProgress(message, fraction),
    ...(request.signal ? { signal: request.signal } : {}),
  });
  return await remember(request.outPath, cached);
}

async function useClaimed(request: TruthRequest): Promise<boolean> {
  const { claimed, k, signal } = request;
  if (claimed === undefined) return false;
  request.onProgress('checking the given neighbours against a recomputed sample');
  const problems = await truthProblems(request, claimed, request.temporaryDir, signal);
  const found = problems.length > 0 ? `${problems[0]} (${problems.length} such queries)` : undefined;
  // Too few to be of use, but now known to be right.
  if (found === undefined && claimed.k < k) return false;
  const truth = found ?? (await claimedTruth(request, claimed, signal));
  if (typeof truth === 'string') {
    request.onWarning(`the given neighbours are not used: ${truth}`);
    return false;
  }
  await writeTruth(request.outPath, truth);
  return true;
}

async function cachedRecord(cached: string): Promise<FileRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(`${cached}.json`, 'utf8')) as FileRecord;
    const found = await hashFile(cached);
    return found.sha256 === record.sha256 ? found : undefined;
  } catch {
    return undefined;
  }
}

async function remember(path: string, cached: string): Promise<FileRecord> {
  const record = await hashFile(path);
  await mkdir(dirname(cached), { recursive: true });
  const temporary = `${cached}.tmp${process.pid}`;
  await copyFile(path, temporary);
  await rename(temporary, cached);
  await writeFile(`${cached}.json`, JSON.stringify(record));
  return record;
}
