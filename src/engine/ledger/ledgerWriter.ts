import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type LedgerRecord, ledgerRecordSchema, ledgerVersion } from '../../protocol/ledger.ts';
import { withDiskFull } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { withProcessLock } from '../processLock.ts';
import { writeWhole } from '../wholeFile.ts';

type ReadonlyDeep<T> = T extends readonly (infer U)[]
  ? number extends T['length']
    ? readonly ReadonlyDeep<U>[]
    : { readonly [K in keyof T]: ReadonlyDeep<T[K]> }
  : T extends object
    ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> }
    : T;

/** A record before the writer stamps it. */
export type NewRecord = LedgerRecord extends infer R
  ? R extends LedgerRecord
    ? ReadonlyDeep<Omit<R, 'v' | 'at'>>
    : never
  : never;

/** Appends records, one whole line each; what `append` has returned from is on disk. */
export interface LedgerWriter {
  append(record: NewRecord): Promise<void>;
}

const newline = 0x0a;

/** The folder of everything Annsmith writes for a workspace; it ignores itself in git. */
export async function ensureStateFolder(workspaceRoot: string): Promise<string> {
  const folder = join(workspaceRoot, '.annsmith');
  await mkdir(folder, { recursive: true });
  const ignore = join(folder, '.gitignore');
  const empty = await stat(ignore).then(
    ({ size }) => size === 0,
    () => true,
  );
  if (empty) await withProcessLock(ignore, {}, () => writeWhole(ignore, '*\n'));
  return folder;
}

/**
 * Opens the ledger for appending, by several processes at once. A line torn by a crash stays where it is: the next
 * record starts on a line of its own, so that a reader loses the torn record only. A record that cannot be written
 * whole is taken back.
 */
export function openLedger(path: string, clock: Clock): LedgerWriter {
  const append = async (record: NewRecord): Promise<void> => {
    const whole = ledgerRecordSchema.parse({
      v: ledgerVersion,
      at: new Date(clock.now()).toISOString(),
      ...record,
    });
    await mkdir(dirname(path), { recursive: true });
    await withProcessLock(path, {}, () => appendLine(path, JSON.stringify(whole)));
  };
  // One line at a time, also when callers do not wait for each other.
  let queue: Promise<void> = Promise.resolve();
  return {
    append: (record) => {
      const done = queue
        .then(() => append(record))
        .catch((error: unknown) => {
          throw withDiskFull(error, path);
        });
      queue = done.catch(() => undefined);
      return done;
    },
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a+');
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1, newline);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    try {
      await file.appendFile(`${last[0] === newline ? '' : '\n'}${line}\n`);
      await file.datasync();
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}
