import { readFile } from 'node:fs/promises';
import { type ElementType, float32, int8, uint8 } from './elementType.ts';
import { openPlainArray } from './plainArray.ts';
import { fileSize, readHead } from './rowStream.ts';
import { malformed, type NeighbourSource, refetchFix, type VectorSource } from './vectorSource.ts';

const headerBytes = 8;
const elementTypes: Readonly<Record<string, ElementType>> = {
  '.fbin': float32,
  '.u8bin': uint8,
  '.i8bin': int8,
};

async function readHeader(path: string): Promise<{ rows: number; dim: number }> {
  const head = await readHead(path, headerBytes);
  if (head.length < headerBytes) throw malformed(path, 'is shorter than its header of 8 bytes', refetchFix);
  return { rows: head.readUInt32LE(0), dim: head.readUInt32LE(4) };
}

/** The big-ann-benchmarks format: u32 rows, u32 dim, then the values, little endian; the extension gives the type. */
export async function openBin(path: string, extension: string): Promise<VectorSource> {
  const element = elementTypes[extension];
  if (element === undefined)
    throw malformed(path, `unknown extension ${extension}`, 'Use .fbin, .u8bin or .i8bin.');
  const { rows, dim } = await readHeader(path);
  return openPlainArray({ path, rows, dim, start: headerBytes, element, shapeField: 'header (offset 0)' });
}

/** Neighbour ids: `.ibin` (ids only), or the bigann truth format (ids, then float32 distances). */
export async function readIbin(path: string): Promise<NeighbourSource> {
  const { rows, dim } = await readHeader(path);
  const size = await fileSize(path);
  const expected = headerBytes + rows * dim * 4;
  const withDistances = headerBytes + rows * dim * 8;
  if (rows === 0 || dim === 0 || (size !== expected && size !== withDistances)) {
    throw malformed(
      path,
      `header (offset 0) promises ${rows} rows of ${dim} neighbours, ${expected} bytes (${withDistances} with distances), but the file has ${size}`,
      refetchFix,
    );
  }
  const bytes = await readFile(path);
  const ids = new Uint32Array(rows * dim);
  new Uint8Array(ids.buffer).set(bytes.subarray(headerBytes, expected));
  return { label: path, rows, k: dim, ids };
}
