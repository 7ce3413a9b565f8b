import { float32 } from './elementType.ts';
import { fileSize, readHead, readRows } from './rowStream.ts';
import {
  checkShape,
  malformed,
  type NeighbourSource,
  refetchFix,
  type VectorSource,
} from './vectorSource.ts';

const prefixBytes = 4;

interface Shape {
  readonly rows: number;
  readonly dim: number;
  readonly rowBytes: number;
}

async function readShape(path: string): Promise<Shape> {
  const head = await readHead(path, prefixBytes);
  if (head.length < prefixBytes) throw malformed(path, 'is shorter than its first field', refetchFix);
  const dim = head.readInt32LE(0);
  checkShape(path, 1, dim, 'dimension (offset 0)');
  const rowBytes = prefixBytes + 4 * dim;
  const size = await fileSize(path);
  if (size % rowBytes !== 0) {
    throw malformed(
      path,
      `dimension (offset 0) ${dim} makes rows of ${rowBytes} bytes, but the size ${size} is no multiple of that`,
      refetchFix,
    );
  }
  return { rows: size / rowBytes, dim, rowBytes };
}

/** Batches of rows without their dimension prefix, which must be the same everywhere. */
async function* payloads(path: string, shape: Shape): AsyncIterable<Buffer> {
  const { rowBytes, dim } = shape;
  let row = 0;
  for await (const bytes of readRows(path, { rowBytes, rows: shape.rows, start: 0 })) {
    const count = bytes.length / rowBytes;
    const payload = Buffer.allocUnsafe(count * dim * 4);
    for (let i = 0; i < count; i++, row++) {
      const from = i * rowBytes;
      const found = bytes.readInt32LE(from);
      if (found !== dim) {
        throw malformed(
          path,
          `row ${row} (offset ${row * rowBytes}) has dimension ${found}, row 0 has ${dim}`,
          'All rows must have the same dimension.',
        );
      }
      bytes.copy(payload, i * dim * 4, from + prefixBytes, from + rowBytes);
    }
    yield payload;
  }
}

/** The TEXMEX format: each row is an i32 dimension and its float32 values, little endian. */
export async function openFvecs(path: string): Promise<VectorSource> {
  const shape = await readShape(path);
  return {
    label: path,
    rows: shape.rows,
    dim: shape.dim,
    async *batches() {
      for await (const bytes of payloads(path, shape)) yield float32.decode(bytes);
    },
    locate: (row, column) => `byte offset ${row * shape.rowBytes + prefixBytes + column * 4}`,
  };
}

/** Neighbour ids, each row an i32 count and its i32 ids. */
export async function readIvecs(path: string): Promise<NeighbourSource> {
  const shape = await readShape(path);
  const ids = new Uint32Array(shape.rows * shape.dim);
  let at = 0;
  for await (const bytes of payloads(path, shape)) {
    new Uint8Array(ids.buffer).set(bytes, at);
    at += bytes.length;
  }
  return { label: path, rows: shape.rows, k: shape.dim, ids };
}
