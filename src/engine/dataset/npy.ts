import { type ElementType, float32, float64, uint8 } from './elementType.ts';
import { openPlainArray } from './plainArray.ts';
import { readHead } from './rowStream.ts';
import { malformed, refetchFix, type VectorSource } from './vectorSource.ts';

const magic = Buffer.from('\x93NUMPY', 'latin1');
const elementTypes: Readonly<Record<string, ElementType>> = { '<f4': float32, '<f8': float64, '|u1': uint8 };
const largestHeader = 1 << 16;

/** A NumPy array file of two axes: float32, float64 or uint8 in C order (format versions 1 to 3). */
export async function openNpy(path: string): Promise<VectorSource> {
  const head = await readHead(path, largestHeader);
  if (head.length < 12 || !head.subarray(0, 6).equals(magic)) {
    throw malformed(path, 'bytes 0..5 are not the magic of an .npy file', refetchFix);
  }
  const short = head[6] === 1;
  const lengthBytes = short ? 2 : 4;
  const start = 8 + lengthBytes + (short ? head.readUInt16LE(8) : head.readUInt32LE(8));
  if (start > head.length) throw malformed(path, `ends inside its header of ${start} bytes`, refetchFix);
  const text = head.toString('latin1', 8 + lengthBytes, start);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw malformed(
      path,
      'the header lacks descr, fortran_order or shape',
      'Save the array with numpy.save.',
    );
  }
  const element = elementTypes[descr];
  if (element === undefined) {
    throw malformed(
      path,
      `field descr is '${descr}'`,
      'Save as float32, float64 or uint8: array.astype("<f4").',
    );
  }
  if (order === 'True') {
    throw malformed(path, 'field fortran_order is True', 'Save numpy.ascontiguousarray(array).');
  }
  const sizes = shape
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (sizes.length !== 2) {
    throw malformed(path, `field shape is (${shape})`, 'Save an array of two axes: rows and dimension.');
  }
  return openPlainArray({ path, rows: sizes[0]!, dim: sizes[1]!, start, element, shapeField: 'field shape' });
}
