import { open, stat } from 'node:fs/promises';
import { type LedgerProblem, parseLedger } from '../engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../engine/ledger/runSummary.ts';
import type { LedgerRecord } from '../protocol/ledger.ts';

const newline = 0x0a;

/** A ledger's records, of which only what was appended is read again. Chunk samples are left out: nothing here draws them. */
export class LedgerCache {
  readonly path: string;
  #records: LedgerRecord[] = [];
  #problems: LedgerProblem[] = [];
  #version = 0;
  #inode = 0;
  #offset = 0;
  #lines = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(root: string) {
    this.path = ledgerPath(root);
  }

  /** Grows with every record that is read. */
  get version(): number {
    return this.#version;
  }

  get problems(): readonly LedgerProblem[] {
    return this.#problems;
  }

  /** Every record, up to date. */
  async records(): Promise<readonly LedgerRecord[]> {
    // One reader at a time: they share the place up to which the file is read.
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => undefined);
    await reading;
    return this.#records;
  }

  /** True when there are other records than before. */
  async refresh(): Promise<boolean> {
    const before = this.#version;
    await this.records();
    return this.#version !== before;
  }

  async #read(): Promise<void> {
    const found = await stat(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const size = found?.size ?? 0;
    const inode = found?.ino ?? 0;
    if (inode !== this.#inode || size < this.#offset) this.#forget(inode);
    if (size === this.#offset) return;
    const file = await open(this.path, 'r');
    try {
      const bytes = Buffer.alloc(size - this.#offset);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
      const end = bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1;
      const text = bytes.subarray(0, end).toString('utf8');
      this.#append(text, end);
    } finally {
      await file.close();
    }
  }

  #forget(inode: number): void {
    if (this.#offset > 0) this.#version++;
    this.#records = [];
    this.#problems = [];
    this.#inode = inode;
    this.#offset = 0;
    this.#lines = 0;
  }

  #append(text: string, bytes: number): void {
    const { records, problems } = parseLedger(text, this.#lines + 1);
    for (const record of records) dropSamples(record);
    // A new array: views that hold the old one keep what they were made of.
    if (records.length > 0) this.#records = [...this.#records, ...records];
    if (problems.length > 0) this.#problems = [...this.#problems, ...problems];
    this.#offset += bytes;
    this.#lines += text.split('\n').length - 1;
    this.#version += records.length;
  }
}

function dropSamples(record: LedgerRecord): void {
  if (!('trials' in record)) return;
  for (const { comparison } of record.trials) if (comparison !== null) comparison.samples = [];
}
