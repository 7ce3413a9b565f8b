import { createTwoFilesPatch } from 'diff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HnswlibReport, removeHnswlibPrograms, runHnswlib } from './hnswlibProgram.ts';
import {
  applyToHnswlib,
  changedInHnswlib,
  hnswlib,
  hnswlibProgram,
  outsideHnswlibModule,
} from './hnswlibWorkspace.ts';
import { applyStep } from './rewritesWorkspace.ts';

const id = 'independent-sums';
const two = hnswlibProgram([[id, { sums: 2 }]]);
const four = hnswlibProgram([[id, { sums: 4 }]]);
afterAll(removeHnswlibPrograms);

it('gives hnswlib a diff fit for review', async () => {
  const diffs = [...changedInHnswlib(four)].map(([path, text]) =>
    createTwoFilesPatch(path, path, hnswlib.files.get(path) ?? '', text, '', '', { context: 2 }),
  );
  await expect(diffs.join('\n')).toMatchFileSnapshot(`golden/hnswlib-${id}.diff`);
  expect(two).not.toEqual(four);
  expect(outsideHnswlibModule('search', four)).toEqual([]);
});

it('declines its own code and code without such loops', () => {
  const reason = (pattern: RegExp) => ({ kind: 'declined', reason: expect.stringMatching(pattern) });
  expect(applyToHnswlib([id], four)).toMatchObject(reason(/already/));
  expect(applyStep([id])).toMatchObject(reason(/over vector registers/));
});

describe.runIf(process.arch === 'x64')('rewritten kernels find what the original ones find', () => {
  // The paths for 16 values with AVX-512 and AVX, for 16 and for 4 with SSE; which one runs depends on the machine too.
  const paths = [['-march=native'], ['-mavx'], ['-msse4.1']];
  const originals: HnswlibReport[] = [];
  beforeAll(async () => {
    for (const flags of paths) originals.push(await runHnswlib(hnswlib.files, ['-O1', ...flags]));
  }, 300_000);

  it.each(paths.map((flags, i) => [flags[0] ?? '', flags, i] as const))(
    'with %s',
    async (_, flags, i) => {
      const original = originals[i];
      for (const files of [two, four]) {
        const { lines, warnings } = await runHnswlib(files, ['-O1', ...flags]);
        expect(warnings).toEqual(original?.warnings);
        expect(lines.length).toBe(original?.lines.length);
        for (const [at, line] of lines.entries()) {
          const [name, recall] = line.split(' ');
          const [before, expected] = original?.lines[at]?.split(' ') ?? [];
          expect(name).toBe(before);
          // Sums in another order differ in their last bits, and near ties with them.
          expect(Math.abs(Number(recall) - Number(expected)), line).toBeLessThanOrEqual(0.01);
        }
      }
    },
    300_000,
  );

  it('with nothing for the sanitizers to report', async () => {
    const flags = ['-O0', '-g1', '-march=native', '-fsanitize=undefined', '-fsanitize-recover=undefined'];
    const { sanitized } = await runHnswlib(four, flags);
    expect(sanitized).toBe('');
  }, 300_000);
});
