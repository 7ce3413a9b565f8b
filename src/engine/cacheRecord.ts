import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type FileRecord, hashFile } from './dataset/canonicalFile.ts';
import { writeWhole } from './wholeFile.ts';

/** What a record says of a file beside it. */
export const fileRecordSchema = z.object({ bytes: z.number(), sha256: z.string() });

const envelope = z.object({ sha256: z.string(), value: z.unknown() });

export type CacheRecord<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly problem: string };

/** Writes the record of a cache entry, with its own checksum. Goes last: its presence means that the entry is whole. */
export async function writeCacheRecord(path: string, value: object): Promise<void> {
  const text = JSON.stringify(value);
  await writeWhole(path, `{"sha256":"${sha256(text)}","value":${text}}\n`);
}

export async function readCacheRecord<T>(path: string, schema: z.ZodType<T>): Promise<CacheRecord<T>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { kind: 'absent' };
  try {
    const record = envelope.parse(JSON.parse(text));
    if (sha256(JSON.stringify(record.value)) !== record.sha256) throw new Error('its checksum is wrong');
    return { kind: 'found', value: schema.parse(record.value) };
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it lacks fields' : (error as Error).message;
    return { kind: 'damaged', problem: `${path} cannot be used: ${why}` };
  }
}

/** How a file differs from what its record says; undefined where it does not. Reads it whole. */
export async function fileProblem(
  path: string,
  expected: FileRecord,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return `${path} is missing`;
  if (status.size !== expected.bytes) {
    return `${path} has ${status.size} bytes instead of ${expected.bytes}`;
  }
  const { sha256: found } = await hashFile(path, signal);
  return found === expected.sha256 ? undefined : `${path} has changed since it was written`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
