import { type FileHandle, open } from 'node:fs/promises';
import { FbinWriter, fbinHeaderBytes } from './canonicalFile.ts';

/** Random access to the rows of a canonical `.fbin` file. */
export class FbinRows {
  readonly rows: number;
  readonly dim: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, rows: number, dim: number) {
    this.#file = file;
    this.rows = rows;
    this.dim = dim;
  }

  static async open(path: string): Promise<FbinRows> {
    const file = await open(path);
    const header = Buffer.alloc(fbinHeaderBytes);
    await file.read(header, 0, header.length, 0);
    return new FbinRows(file, header.readUInt32LE(0), header.readUInt32LE(4));
  }

  async row(index: number): Promise<Float32Array> {
    const values = new Float32Array(this.dim);
    const bytes = Buffer.from(values.buffer);
    const { bytesRead } = await this.#file.read(
      bytes,
      0,
      bytes.length,
      fbinHeaderBytes + index * bytes.length,
    );
    if (bytesRead !== bytes.length) throw new Error(`row ${index} is beyond the end of the file`);
    return values;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Copies the given rows, in the given order, to a new `.fbin` file. */
export async function copyRows(fromPath: string, order: Iterable<number>, toPath: string): Promise<void> {
  const from = await FbinRows.open(fromPath);
  try {
    const to = await FbinWriter.create(toPath, from.dim);
    try {
      for (const row of order) await to.write(await from.row(row));
    } catch (error) {
      await to.close();
      throw error;
    }
    await to.finish();
  } finally {
    await from.close();
  }
}
