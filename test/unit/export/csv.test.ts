import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvText } from '../../../src/engine/export/csv.ts';
import { exportLedger } from '../../../src/engine/ledgerExport.ts';
import { modelLedger, modelRunId } from './modelLedger.ts';

/** A reader of RFC 4180 that shares nothing with the writer: one character at a time. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quoted) {
      if (char !== '"') field += char;
      else if (text[i + 1] === '"') {
        field += '"';
        i++;
      } else quoted = false;
    } else if (char === '"' && field === '') quoted = true;
    else if (char === ',') {
      row.push(field);
      field = '';
    } else if (char === '\r' && text[i + 1] === '\n') {
      rows.push([...row, field]);
      row = [];
      field = '';
      i++;
    } else if (char === '"' || char === '\r' || char === '\n') {
      throw new Error(`a bare ${JSON.stringify(char)} at ${i}`);
    } else field += char;
  }
  if (quoted || row.length > 0 || field !== '') throw new Error('the last line has no end');
  return rows;
}

const fieldText = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'ä', '\t') }),
);

it('is read back as it was, whatever the fields hold', () => {
  const table = fc
    .integer({ min: 1, max: 6 })
    .chain((width) =>
      fc.array(fc.array(fieldText, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
    );
  fc.assert(
    fc.property(table, (rows) => {
      const [header, ...rest] = rows as [string[], ...string[][]];
      expect(parseCsv(csvText(header, rest))).toEqual(rows);
    }),
  );
});

it('writes nothing for what is unknown', () => {
  expect(csvText(['a', 'b', 'c', 'd'], [[null, undefined, false, 0]])).toBe('a,b,c,d\r\n,,false,0\r\n');
});

it('has every candidate of the ledger, judged or not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'annsmith-csv-'));
  try {
    await modelLedger(root);
    const { out, rows } = await exportLedger({
      root,
      format: 'csv',
      force: false,
      confirmed: false,
      margin: 0.1,
      responses: false,
      createdBy: 'annsmith test',
      onProblem: () => undefined,
    });
    const [header, ...lines] = parseCsv(await readFile(out, 'utf8'));
    const table = lines.map((line) => Object.fromEntries(header!.map((name, i) => [name, line[i]!])));
    const row = (run: string, id: string) => table.find((r) => r['run'] === run && r['candidate'] === id)!;
    expect(table).toHaveLength(14);
    expect(rows).toBe(14);
    expect(row(modelRunId, 'g1c1')).toMatchObject({
      verdict: 'accepted',
      reward: '0.4',
      gain: '0.4',
      gain_low: '0.38',
      advantage: '1.02',
      confirmed: 'true',
      'seconds compile': '2.4',
    });
    expect(row(modelRunId, 'g1c3')).toMatchObject({
      reason: 'wrong-answers',
      check: 'answers-valid',
      detail: 'query 17, "id 60000": out of range,\nand more',
      gain: '',
    });
    expect(row(modelRunId, 'g1c4')).toMatchObject({
      verdict: 'accepted',
      repaired: 'does-not-compile',
      reward: '-1',
      gain: '0.3',
    });
    expect(row(modelRunId, 'g2c3')).toMatchObject({ verdict: 'unfinished', reward: '' });
    expect(row('one-module', 'g1c1')).toMatchObject({ policy: 'playbook', module: 'search' });
    const speedups = header!.filter((name) => name.startsWith('mnist-784-euclidean speedup@'));
    expect(speedups.length).toBeGreaterThan(1);
    expect(Number(row('one-module', 'g1c1')[speedups[0]!])).toBeGreaterThan(1);
    expect(row(modelRunId, 'g1c3')[speedups[0]!]).toBe('');
  } finally {
    await rm(root, { recursive: true });
  }
});
