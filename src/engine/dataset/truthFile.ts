import { readFile, writeFile } from 'node:fs/promises';

const headerBytes = 8;

/** Neighbours of every query, as in the bigann truth format: ABI distances, ascending. */
export interface Truth {
  readonly queries: number;
  readonly k: number;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
}

export async function readTruth(path: string): Promise<Truth> {
  const bytes = await readFile(path);
  const queries = bytes.readUInt32LE(0);
  const k = bytes.readUInt32LE(4);
  const size = queries * k * 4;
  if (bytes.length !== headerBytes + 2 * size)
    throw new Error(`${path} is not a truth file of ${queries} x ${k}`);
  const values = new ArrayBuffer(2 * size);
  new Uint8Array(values).set(bytes.subarray(headerBytes));
  return {
    queries,
    k,
    ids: new Uint32Array(values, 0, queries * k),
    distances: new Float32Array(values, size, queries * k),
  };
}

export async function writeTruth(path: string, truth: Truth): Promise<void> {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(truth.queries, 0);
  header.writeUInt32LE(truth.k, 4);
  const bytes = (array: Uint32Array | Float32Array): Buffer =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  await writeFile(path, Buffer.concat([header, bytes(truth.ids), bytes(truth.distances)]));
}
