import { describe, expect, it } from 'vitest';
import { readJsonRows } from '../../../src/engine/dataset/jsonRows.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { useBench } from './support.ts';

const bench = useBench();

async function rowsOf(text: string, key: string): Promise<number[][]> {
  const rows: number[][] = [];
  await readJsonRows(await bench.write('rows.json', Buffer.from(text)), key, (row) => rows.push([...row]));
  return rows;
}

describe('readJsonRows', () => {
  it('reads every spelling of a number as JSON.parse does', async () => {
    const texts = ['0', '-0', '7', '-12.5', '0.1', '-0.0001', '1e3', '1E-7', '-7.0514e-7', '2.5e+2', '1e300'];
    const long = [
      '0.12345678901234567890',
      '12345678901234567890',
      '9007199254740993',
      '1.7976931348623157e308',
    ];
    const random = seededRandom(1, 'numbers');
    const drawn = Array.from({ length: 2000 }, () =>
      String((random.next() - 0.5) * 10 ** Math.floor(random.next() * 24 - 12)),
    );
    const row = [...texts, ...long, ...drawn];
    expect(await rowsOf(`{"a":[[${row.join(',')}]]}`, 'a')).toEqual([JSON.parse(`[${row.join(',')}]`)]);
    expect(await rowsOf(`{"a":[[ 1 ,\n2\t, 3.5 ]]}`, 'a')).toEqual([[1, 2, 3.5]]);
  });

  it('finds rows in an array or in the members of an object, and only under the key', async () => {
    const file = {
      precision: 8,
      words: ['"vectors":[[1]]', 'a]b', '}{', '\\', 'ends with \\"'],
      other: [[1, 2]],
      nested: { vectors: [[3]] },
      vectors: { the: [1, 2], 'a "quoted\\': [3, 4], ']': [5, 6] },
      unknown: [7, 8],
    };
    expect(await rowsOf(JSON.stringify(file), 'vectors')).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(await rowsOf(JSON.stringify({ data: [[1], [], [2, 3]] }, null, 2), 'data')).toEqual([
      [1],
      [],
      [2, 3],
    ]);
    expect(await rowsOf('{"data":[]}', 'data')).toEqual([]);
  });

  it('joins what lies across the pieces in which a file is read', async () => {
    const random = seededRandom(2, 'rows');
    const rows = Array.from({ length: 3000 }, (_, i) =>
      Array.from({ length: 1 + (i % 150) }, () => Math.round(random.next() * 1e6) / 1e4),
    );
    const words = Array.from({ length: 40_000 }, (_, i) => `wörd\\"${i}`);
    const text = JSON.stringify({ words, data: rows });
    expect(text.length).toBeGreaterThan(2 << 20);
    expect(await rowsOf(text, 'data')).toEqual(rows);
    expect(await rowsOf(JSON.stringify({ data: [Array(300_000).fill(0.5)] }), 'data')).toEqual([
      Array(300_000).fill(0.5),
    ]);
  });

  it.each([
    ['{"a":[[1,2],[3', /ends inside its JSON \(byte 14\)/],
    ['{"a":[[1,2]]', /ends inside its JSON/],
    ['{"a":[[1,2]],"b', /ends inside its JSON/],
    ['{"b":[[1,2]]}', /has no key a/],
    ['{"a":[[1,"2"]]}', /something else than numbers \(byte offset 9\)/],
    ['{"a":[[1,null]]}', /something else than numbers/],
    ['{"a":[[1,,2]]}', /something else than numbers/],
    ['{"a":[[1,2,]]}', /ends with a comma/],
    ['{"a":[[1.2.3]]}', /something else than numbers/],
    ['{"a":[[--1]]}', /something else than numbers/],
    ['{"a":[[01e]]}', /something else than numbers/],
    ['{"a":[[1.]]}', /something else than numbers/],
    ['{"a":[[.5]]}', /something else than numbers/],
    ['{"a":[{"b":1}]}', /an object where a row/],
    ['{"a":[[1]]}]', /a bracket too many/],
  ])('refuses %s', async (text, message) => {
    const reading = rowsOf(text, 'a');
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ name: 'UserError', code: 'dataset-malformed' });
  });

  it('stops when cancelled', async () => {
    const path = await bench.write('rows.json', Buffer.from('{"a":[[1]]}'));
    const reading = readJsonRows(path, 'a', () => undefined, AbortSignal.abort());
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
