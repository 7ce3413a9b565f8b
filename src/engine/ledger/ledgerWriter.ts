import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type LedgerRecord, ledgerRecordSchema, ledgerVersion } from '../../protocol/ledger.ts';
import { UserError } from '../errors.ts';
import type { Clock } from '../ports.ts';

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

/** Appends records; every `append` is one write of one whole line, on disk when it returns. */
export interface LedgerWriter {
  append(record: NewRecord): Promise<void>;
}

const newline = 0x0a;

/** The folder of everything Annsmith writes for a workspace; it ignores itself in git. */
export async function ensureStateFolder(workspaceRoot: string): Promise<string> {
  const folder = join(workspaceRoot, '.annsmith');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return folder;
}

/**
 * Opens the ledger for appending. A line torn by a crash stays where it is: the next record starts on a line of its
 * own, so that a reader loses the torn record only.
 */
export function openLedger(path: string, clock: Clock): LedgerWriter {
  const append = async (record: NewRecord): Promise<void> => {
    const whole = ledgerRecordSchema.parse({
      v: ledgerVersion,
      at: new Date(clock.now()).toISOString(),
      ...record,
    });
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a+');
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1, newline);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      const line = Buffer.from(`${last[0] === newline ? '' : '\n'}${JSON.stringify(whole)}\n`);
      const { bytesWritten } = await file.write(line, 0, line.length);
      if (bytesWritten !== line.length) {
        throw new UserError(
          'ledger-write',
          `${path}: only ${bytesWritten} of ${line.length} bytes of a record could be written`,
          'Free space on the disk; the run can be started again, what was recorded stays.',
        );
      }
      await file.datasync();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
        throw new UserError(
          'disk-full',
          `${path}: no space left on the disk`,
          'Free some space, then run again.',
          error,
        );
      }
      throw error;
    } finally {
      await file.close();
    }
  };
  // One line at a time, also when callers do not wait for each other.
  let queue: Promise<void> = Promise.resolve();
  return {
    append: (record) => {
      const done = queue.then(() => append(record));
      queue = done.catch(() => undefined);
      return done;
    },
  };
}
