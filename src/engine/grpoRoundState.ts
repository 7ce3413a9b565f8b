import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { moduleNames } from '../protocol/module.ts';
import { ensureStateFolder } from './ledger/ledgerWriter.ts';
import { writeWhole } from './wholeFile.ts';

const roundPlan = z.object({
  mode: z.enum(['online', 'offline']),
  modules: z.array(z.enum(moduleNames)).min(1),
  /** Empty: the manifest's first. */
  datasets: z.array(z.string()),
  group: z.number().int(),
  /** Per module. */
  groups: z.number().int(),
  seed: z.number().int(),
  /** The seed that was asked for, which that of the round follows from; files of before do not say. */
  askedSeed: z.number().int().optional(),
  promote: z.enum(['auto', 'never']),
});
export type RoundPlan = z.infer<typeof roundPlan>;

const roundState = z.object({
  format: z.literal(1),
  id: z.string(),
  at: z.string(),
  /** The version that sampled. */
  from: z.string(),
  plan: roundPlan,
  /** Runs that were started for it. */
  sampling: z.string().nullable(),
  evaluation: z.string().nullable(),
  /** Of the version that sampled, where the ledger had nothing of it to compare with. */
  comparison: z.string().nullable().default(null),
  /** The version that the update made. */
  version: z.string().nullable(),
  /** The version was promoted: not done again, as it may have been rolled back since. */
  promoted: z.literal(true).optional(),
});
export type RoundState = z.infer<typeof roundState>;

/** A round in progress, on disk: one that is cut off goes on from its last step. */
export class RoundFile {
  readonly path: string;
  #writes: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.path = path;
  }

  static async in(root: string): Promise<RoundFile> {
    const folder = join(await ensureStateFolder(root), 'grpo');
    await mkdir(folder, { recursive: true });
    return new RoundFile(join(folder, 'round.json'));
  }

  /** The round that was cut off; undefined where none was, or its file says nothing. */
  async read(): Promise<RoundState | undefined> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    try {
      const read = roundState.safeParse(JSON.parse(text));
      return read.success ? read.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** Writes in the order of the calls; what it resolves from is on disk. */
  write(state: RoundState): Promise<void> {
    const text = `${JSON.stringify(state)}\n`;
    const done = this.#writes.then(() => writeWhole(this.path, text));
    this.#writes = done.catch(() => undefined);
    return done;
  }

  async remove(): Promise<void> {
    await this.#writes;
    await rm(this.path, { force: true });
  }
}
