import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openVectors, readNeighbours } from '../../../src/engine/dataset/vectorFiles.ts';
import type { VectorSource } from '../../../src/engine/dataset/vectorSource.ts';
import {
  byteMatrix,
  bytesOf,
  fbin,
  fvecs,
  idx,
  ivecs,
  type Matrix,
  npy,
  randomMatrix,
  u8bin,
  useBench,
} from './support.ts';

const bench = useBench();

async function contents(source: VectorSource): Promise<Matrix> {
  const parts: number[] = [];
  for await (const batch of source.batches()) {
    expect(batch.length % source.dim).toBe(0);
    parts.push(...batch);
  }
  return { rows: source.rows, dim: source.dim, values: Float32Array.from(parts) };
}

const floats = randomMatrix(13, 7, 1);
const bytes = byteMatrix(12, 6, 2);

describe('readers give what was written', () => {
  const cases: [name: string, content: Buffer, expected: Matrix][] = [
    ['a.fbin', fbin(floats), floats],
    ['a.u8bin', u8bin(bytes), bytes],
    ['a.fvecs', fvecs(floats), floats],
    ['a.idx', idx(bytes, [12, 6]), bytes],
    ['images-idx3-ubyte', idx(bytes, [12, 2, 3]), bytes],
    ['images-idx3-ubyte.gz', gzipSync(idx(bytes, [12, 2, 3])), bytes],
    ['a.idx.gz', gzipSync(idx(bytes, [12, 6])), bytes],
    ['f4.npy', npy('13, 7', '<f4', bytesOf(floats.values)), floats],
    ['f8.npy', npy('13, 7', '<f8', bytesOf(new Float64Array(floats.values))), floats],
    ['u1.npy', npy('12, 6', '|u1', Buffer.from(bytes.values)), bytes],
  ];
  it.each(cases)('%s', async (name, content, expected) => {
    expect(await contents(await openVectors(await bench.write(name, content)))).toEqual(expected);
  });

  it('in batches where a file is larger than one', async () => {
    const large = randomMatrix(9001, 257, 3);
    const source = await openVectors(await bench.write('large.fvecs', fvecs(large)));
    let batches = 0;
    let row = 0;
    for await (const batch of source.batches()) {
      batches += 1;
      expect(batch).toEqual(large.values.subarray(row * 257, row * 257 + batch.length));
      row += batch.length / 257;
    }
    expect(row).toBe(9001);
    expect(batches).toBeGreaterThan(1);
  });

  it('neighbour ids from ivecs and ibin', async () => {
    const ids = [
      [3, 1],
      [2, 70_000_000],
    ];
    const expected = { rows: 2, k: 2, ids: Uint32Array.from(ids.flat()) };
    const ibin = Buffer.concat([bytesOf(Uint32Array.of(2, 2)), bytesOf(expected.ids)]);
    expect(await readNeighbours(await bench.write('n.ivecs', ivecs(ids)))).toMatchObject(expected);
    expect(await readNeighbours(await bench.write('n.ibin', ibin))).toMatchObject(expected);
  });
});

describe('readers refuse, naming the file and the field', () => {
  const cut = (content: Buffer, by = 1): Buffer => content.subarray(0, content.length - by);
  const twoDims = Buffer.concat([fvecs(randomMatrix(2, 3, 1)), fvecs(randomMatrix(3, 3, 1))]);
  twoDims.writeInt32LE(2, 2 * 16);
  const cases: [name: string, content: Buffer, message: RegExp][] = [
    [
      'cut.fbin',
      cut(fbin(floats)),
      /header \(offset 0\) promises 13 rows of dimension 7, 372 bytes, but the file has 371/,
    ],
    ['long.fbin', Buffer.concat([fbin(floats), Buffer.alloc(4)]), /but the file has 376/],
    ['tiny.fbin', Buffer.alloc(3), /shorter than its header/],
    ['zero.fbin', Buffer.alloc(8), /header \(offset 0\): 0 rows/],
    ['cut.u8bin', cut(u8bin(bytes)), /but the file has/],
    ['cut.fvecs', cut(fvecs(floats)), /dimension \(offset 0\) 7 makes rows of 32 bytes/],
    ['mixed.fvecs', twoDims, /row 2 \(offset 32\) has dimension 2, row 0 has 3/],
    ['negative.fvecs', Buffer.alloc(4, 0xff), /dimension \(offset 0\): dimension -1/],
    ['cut.idx', cut(idx(bytes, [12, 6])), /axis sizes \(offset 4\) promises 12 rows/],
    ['magic.idx', Buffer.from('PK\x03\x04'), /bytes 0\.\.1/],
    ['type.idx', Buffer.from([0, 0, 0x0e, 2]), /element type 0xe \(offset 2\)/],
    ['cut.idx.gz', cut(gzipSync(idx(bytes, [12, 6])), 9), /cannot be (unpacked|read to the end)/],
    ['early.idx.gz', gzipSync(cut(idx(bytes, [12, 6]), 7)), /ends after 10 of 12 rows/],
    [
      'late.idx.gz',
      gzipSync(Buffer.concat([idx(bytes, [12, 6]), Buffer.alloc(1)])),
      /after the last of 12 rows/,
    ],
    ['cut.npy', cut(npy('13, 7', '<f4', bytesOf(floats.values))), /field shape promises 13 rows/],
    ['order.npy', npy('13, 7', '<f4', bytesOf(floats.values), 'True'), /fortran_order is True/],
    ['type.npy', npy('13, 7', '<c8', bytesOf(floats.values)), /descr is '<c8'/],
    ['axes.npy', npy('91,', '<f4', bytesOf(floats.values)), /shape is \(91,\)/],
    ['magic.npy', Buffer.alloc(64), /magic/],
    ['what.xyz', Buffer.alloc(64), /extension \.xyz is not known/],
  ];
  it.each(cases)('%s', async (name, content, message) => {
    const path = await bench.write(name, content);
    const read = openVectors(path).then(contents);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toMatchObject({ name: 'UserError', message: expect.stringContaining(path) });
    await expect(read).rejects.toMatchObject({ fix: expect.stringMatching(/\w/) });
  });

  it('a file that is not there', async () => {
    await expect(openVectors('/nowhere/a.npy')).rejects.toThrow('/nowhere/a.npy: cannot be read (ENOENT)');
  });

  it('neighbours of the wrong size', async () => {
    const path = await bench.write('n.ibin', bytesOf(Uint32Array.of(2, 2, 1)));
    await expect(readNeighbours(path)).rejects.toThrow(/promises 2 rows of 2 neighbours, 24 bytes .* has 12/);
  });
});
