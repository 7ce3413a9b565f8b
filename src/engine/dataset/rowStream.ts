import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors.ts';
import { malformed, refetchFix } from './vectorSource.ts';

const batchBytes = 4 << 20;

/** Size in bytes. A missing or special file is a clear error. */
export async function fileSize(path: string): Promise<number> {
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (status instanceof Error || !status.isFile()) {
    const problem = status instanceof Error ? `cannot be read (${status.code})` : 'is not a regular file';
    throw new UserError('dataset-file', `${path}: ${problem}`, 'Check the path and its permissions.', status);
  }
  return status.size;
}

/** The first bytes of a file, fewer where it is shorter. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  await fileSize(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export interface RowLayout {
  readonly rowBytes: number;
  readonly rows: number;
  /** Bytes before the first row, in the unpacked stream. */
  readonly start: number;
  readonly gzip?: boolean;
}

/** Batches of whole rows of equal size. Throws when the file ends early or goes on after the last row. */
export async function* readRows(path: string, layout: RowLayout): AsyncIterable<Buffer> {
  const { rowBytes } = layout;
  const perBatch = Math.max(1, Math.floor(batchBytes / rowBytes));
  const total = layout.rows * rowBytes;
  const packed = createReadStream(path, { highWaterMark: 1 << 20 });
  const stream: Readable = layout.gzip ? packed.pipe(createGunzip()) : packed;
  packed.on('error', (error) => stream.destroy(error));
  let skip = layout.start;
  let seen = 0;
  let batch = Buffer.allocUnsafe(perBatch * rowBytes);
  let filled = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      seen += rest.length;
      if (seen > total) {
        throw malformed(path, `there are bytes after the last of ${layout.rows} rows`, refetchFix);
      }
      while (rest.length > 0) {
        const part = rest.subarray(0, batch.length - filled);
        part.copy(batch, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < batch.length) continue;
        yield batch;
        batch = Buffer.allocUnsafe(perBatch * rowBytes);
        filled = 0;
      }
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw malformed(path, `cannot be read to the end (${(error as Error).message})`, refetchFix);
  } finally {
    packed.destroy();
    stream.destroy();
  }
  if (seen < total) {
    throw malformed(
      path,
      `ends after ${Math.floor(seen / rowBytes)} of ${layout.rows} rows (byte ${layout.start + seen} of ${layout.start + total})`,
      refetchFix,
    );
  }
  if (filled > 0) yield batch.subarray(0, filled);
}
