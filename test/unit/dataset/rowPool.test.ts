import { describe, expect, it } from 'vitest';
import { RowPool } from '../../../src/engine/dataset/rowPool.ts';
import type { VectorSource } from '../../../src/engine/dataset/vectorSource.ts';
import { randomMatrix } from './support.ts';

async function rowsOf(source: VectorSource): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const batch of source.batches()) {
    for (let at = 0; at < batch.length; at += source.dim) rows.push(batch.slice(at, at + source.dim));
  }
  expect(rows).toHaveLength(source.rows);
  return rows;
}

function pool(rows: readonly ArrayLike<number>[], dim: number, distinct: boolean): RowPool {
  const made = new RowPool({ label: 'rows', dim, distinct });
  for (const row of rows) made.add(row);
  return made;
}

describe('RowPool', () => {
  // 3000 rows of 1001 values are three blocks of four megabytes.
  const { values } = randomMatrix(3000, 1001, 5);
  const rows = Array.from({ length: 3000 }, (_, i) => values.subarray(i * 1001, (i + 1) * 1001));

  it('splits all rows, in an order that is not that of the file and always the same', async () => {
    const { base, queries } = pool(rows, 1001, false).split(500);
    const found = [...(await rowsOf(base)), ...(await rowsOf(queries))];
    expect([base.rows, queries.rows]).toEqual([2500, 500]);
    const place = new Map(rows.map((row, i) => [row.join(), i]));
    const order = found.map((row) => place.get(row.join())!);
    expect([...order].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    expect(base.locate(0, 7)).toBe(`value 7 of vector ${order[0]}`);
    expect(queries.locate(1, 0)).toBe(`value 0 of vector ${order[2501]}`);
    // Half of the steps of a random order ascend; in the order of the file all would.
    const ascents = order.filter((index, i) => i > 0 && index > order[i - 1]!).length;
    expect(ascents).toBeGreaterThan(1350);
    expect(ascents).toBeLessThan(1650);
    const again = pool(rows, 1001, false).split(500);
    expect(await rowsOf(again.queries)).toEqual(await rowsOf(queries));
  });

  it('leaves out zeros and repetitions where rows must be distinct, at the edge of a block too', async () => {
    const perBlock = Math.floor((4 << 20) / 4004);
    const repeated = [
      ...rows.slice(0, perBlock),
      rows[3]!,
      new Float32Array(1001),
      rows[perBlock - 1]!,
      new Float32Array(1001).fill(-0),
      ...rows.slice(perBlock),
      rows[2999]!,
    ];
    const made = pool(repeated, 1001, true);
    expect(made.rows).toBe(3000);
    const { base, queries } = made.split(1);
    const found = [...(await rowsOf(base)), ...(await rowsOf(queries))].map((row) => row.join());
    expect(found.sort()).toEqual(rows.map((row) => row.join()).sort());
    expect(pool(repeated, 1001, false).rows).toBe(3005);
  });

  it('takes the first values of a row, as float32', async () => {
    const made = pool(
      [
        [0.1, 2, 99],
        [3, 4, 98],
      ],
      2,
      true,
    );
    const { base, queries } = made.split(1);
    const found = [...(await rowsOf(base)), ...(await rowsOf(queries))].map((row) => [...row]);
    expect(found.sort((a, b) => a[0]! - b[0]!)).toEqual([
      [Math.fround(0.1), 2],
      [3, 4],
    ]);
  });
});
