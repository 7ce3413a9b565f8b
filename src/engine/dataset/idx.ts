import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type ElementType, float32BigEndian, int8, uint8 } from './elementType.ts';
import { openPlainArray } from './plainArray.ts';
import { readHead } from './rowStream.ts';
import { malformed, refetchFix, type VectorSource } from './vectorSource.ts';

const elementTypes = new Map<number, ElementType>([
  [0x08, uint8],
  [0x09, int8],
  [0x0d, float32BigEndian],
]);
const largestHeader = 4 + 4 * 255;

async function readGzipHead(path: string, bytes: number): Promise<Buffer> {
  const packed = createReadStream(path);
  const stream = packed.pipe(createGunzip());
  packed.on('error', (error) => stream.destroy(error));
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= bytes) break;
    }
  } catch (error) {
    throw malformed(path, `cannot be unpacked (${(error as Error).message})`, refetchFix);
  } finally {
    packed.destroy();
  }
  return head.subarray(0, bytes);
}

/**
 * The IDX format (MNIST), plain or gzipped: two zero bytes, element type, number of axes, big-endian u32 sizes. The
 * first axis counts the rows, the others together make the dimension.
 */
export async function openIdx(path: string): Promise<VectorSource> {
  const start = await readHead(path, largestHeader);
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  const head = gzip ? await readGzipHead(path, largestHeader) : start;
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0) {
    throw malformed(path, 'bytes 0..1 are not the zeros that begin an IDX file', refetchFix);
  }
  const element = elementTypes.get(head[2]!);
  if (element === undefined) {
    throw malformed(
      path,
      `element type 0x${head[2]!.toString(16)} (offset 2) is not supported`,
      'Supported: unsigned byte (0x08), signed byte (0x09), float (0x0d).',
    );
  }
  const axes = head[3]!;
  if (axes < 2) {
    throw malformed(path, `number of axes (offset 3) is ${axes}`, 'Vectors need two or more axes.');
  }
  if (head.length < 4 + 4 * axes) throw malformed(path, `ends inside its header of ${axes} axes`, refetchFix);
  const sizes = Array.from({ length: axes }, (_, i) => head.readUInt32BE(4 + 4 * i));
  return openPlainArray({
    path,
    rows: sizes[0]!,
    dim: sizes.slice(1).reduce((product, size) => product * size, 1),
    start: 4 + 4 * axes,
    element,
    shapeField: 'axis sizes (offset 4)',
    gzip,
  });
}
