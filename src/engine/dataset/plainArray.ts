import type { ElementType } from './elementType.ts';
import { fileSize, readRows } from './rowStream.ts';
import { checkShape, malformed, refetchFix, type VectorSource } from './vectorSource.ts';

/** What the header of a row-major array file says. */
export interface PlainArray {
  readonly path: string;
  readonly rows: number;
  readonly dim: number;
  /** Size of the header: where the values begin. */
  readonly start: number;
  readonly element: ElementType;
  /** Where the header says it, for messages, e.g. `field shape (offset 10)`. */
  readonly shapeField: string;
  readonly gzip?: boolean;
}

/** Vectors of a file that is a header and then rows * dim values. The size is checked at once unless it is packed. */
export async function openPlainArray(array: PlainArray): Promise<VectorSource> {
  const { path, rows, dim, start, element } = array;
  checkShape(path, rows, dim, array.shapeField);
  const rowBytes = dim * element.bytes;
  const expected = start + rows * rowBytes;
  const size = await fileSize(path);
  if (!array.gzip && size !== expected) {
    throw malformed(
      path,
      `${array.shapeField} promises ${rows} rows of dimension ${dim}, ${expected} bytes, but the file has ${size}`,
      refetchFix,
    );
  }
  return {
    label: path,
    rows,
    dim,
    async *batches() {
      for await (const bytes of readRows(path, { rowBytes, rows, start, gzip: array.gzip ?? false })) {
        yield element.decode(bytes);
      }
    },
    locate: (row, column) =>
      `byte offset ${start + row * rowBytes + column * element.bytes}${array.gzip ? ' unpacked' : ''}`,
  };
}
