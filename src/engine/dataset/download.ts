import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';

const attempts = 3;
const userAgent = 'annsmith/0.1 (dataset download)';

export interface DownloadRequest {
  readonly url: string;
  /** Where the complete file goes; `.part` and `.part.json` beside it hold an unfinished one. */
  readonly path: string;
  /** Expected SHA-256 (hex), where known. */
  readonly sha256?: string | undefined;
  readonly onProgress: (fraction: number | undefined, bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The server's answer was final: trying again would not help. */
class Refused extends Error {}

function unavailable(url: string, problem: string, cause?: unknown): UserError {
  const fix = 'Check the network connection, or import the files yourself: `annsmith datasets import`.';
  return new UserError('dataset-download', `${url}: ${problem}`, fix, cause);
}

/**
 * Fetches a file; goes on where an earlier attempt stopped, provided that the server still has the same version.
 * Returns the SHA-256 of the whole. Throws `dataset-download` where the server refuses, the file stays incomplete after
 * three attempts in a row without a byte of progress, or the checksum differs (the download is then discarded).
 */
export async function download(request: DownloadRequest): Promise<string> {
  const part = `${request.path}.part`;
  await mkdir(dirname(request.path), { recursive: true });
  for (let failures = 0; ; ) {
    const before = await sizeOf(part);
    try {
      await fetchRest(request, part, before);
      break;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof Refused) throw unavailable(request.url, error.message, error);
      failures = (await sizeOf(part)) > before ? 0 : failures + 1;
      if (failures >= attempts) throw unavailable(request.url, describe(error), error);
    }
  }
  const sha256 = await hashOf(part);
  if (request.sha256 !== undefined && sha256 !== request.sha256) {
    await discard(part);
    throw unavailable(
      request.url,
      `SHA-256 is ${sha256}, expected ${request.sha256}; the download was discarded`,
    );
  }
  await rename(part, request.path);
  await rm(`${part}.json`, { force: true });
  return sha256;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

/** What identifies the version of a partial file: without one, a server's file cannot be continued safely. */
async function versionOf(part: string): Promise<string | undefined> {
  try {
    const saved = JSON.parse(await readFile(`${part}.json`, 'utf8')) as { version?: string };
    return saved.version;
  } catch {
    return undefined;
  }
}

async function fetchRest(request: DownloadRequest, part: string, have: number): Promise<void> {
  const version = await versionOf(part);
  const resume = have > 0 && version !== undefined;
  const response = await fetch(request.url, {
    headers: {
      'user-agent': userAgent,
      'accept-encoding': 'identity',
      ...(resume ? { range: `bytes=${have}-`, 'if-range': version } : {}),
    },
    ...(request.signal ? { signal: request.signal } : {}),
  });
  if (response.status === 416 && resume) {
    const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
    await response.body?.cancel();
    if (total === have) return;
    await discard(part);
    throw new Error('the part that was there is longer than the file');
  }
  if (response.status !== 200 && response.status !== 206) {
    await response.body?.cancel();
    const problem = `the server answered ${response.status} ${response.statusText}`;
    // Overload and gateway errors may pass; others are the server's word.
    throw response.status >= 500 || response.status === 429 ? new Error(problem) : new Refused(problem);
  }
  const start = response.status === 206 ? have : 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && Number(range?.[1]) !== have) {
    await response.body?.cancel();
    await discard(part);
    throw new Error('the server sent another range than was asked for');
  }
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  // Weak tags do not promise equal bytes.
  const tag = response.headers.get('etag');
  const newVersion = tag !== null && !tag.startsWith('W/') ? tag : response.headers.get('last-modified');
  await writeFile(`${part}.json`, JSON.stringify({ url: request.url, version: newVersion ?? undefined }));
  await save(request, response, part, start, total);
}

async function save(
  request: DownloadRequest,
  response: Response,
  part: string,
  start: number,
  total: number | undefined,
): Promise<void> {
  const file = await open(part, start > 0 ? 'a' : 'w');
  let bytes = start;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk);
      bytes += chunk.length;
      request.onProgress(total === undefined ? undefined : bytes / total, bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && bytes !== total) throw new Error(`cut off after ${bytes} of ${total} bytes`);
}
