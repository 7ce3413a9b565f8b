import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import {
  applyProgram,
  everything,
  exampleFiles,
  extremes,
  fitting,
  rewriteNamed,
  type Step,
} from './rewritesWorkspace.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'annsmith-rewrites-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const strict = ['-std=c++17', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-pthread'];
const native = ['-O1', '-march=native'];
// As the workspace is built: some warnings come with inlining only.
const optimized = ['-O3', '-march=native'];
// What every x86-64 or ARM compiler targets without being asked: the portable paths.
const portable = ['-O1'];
const avx2 = ['-O1', '-mavx2', '-mfma'];
const sanitized = ['-O1', '-g', '-march=native', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** Compiles the workspace with the check program and returns recall@10 for euclidean, angular and inner product. */
async function recalls(
  name: string,
  files: FileTexts,
  flags: readonly string[],
  threads = 1,
): Promise<number[]> {
  const root = join(scratch, name);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const program = join(root, 'check');
  const source = join(import.meta.dirname, 'rewritesCheck.cc');
  await run('g++', [...strict, ...flags, `-I${join(root, 'include')}`, source, '-o', program]);
  const { stdout } = await run(program, [String(threads)]);
  return stdout.trim().split('\n').map(Number);
}

const programs: readonly { readonly name: string; readonly steps: readonly Step[] }[] = fitting.flatMap(
  ({ id }) =>
    extremes(id).map((values) => ({
      name: [id, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join(' '),
      steps: [[id, values]] as const,
    })),
);

/**
 * The most recall@10 that a rewrite may cost on the check's vectors of 20 values, 0 where answers stay the same. Codes
 * confuse neighbours whose distances differ by less than their rounding; re-ranking more than the results asked for finds
 * most of them again.
 */
function lossOf([id, values]: Step): number {
  switch (id) {
    case 'int8-preliminary-search':
      return values?.rerank === 1 ? 0.04 : 0.01;
    case 'int4-preliminary-search':
      return values?.rerank === 1 ? 0.4 : 0.1;
    case 'early-termination':
    case 'multi-tier-entry-points':
    case 'settled-rerank':
      return 0.02;
    default:
      // Another graph finds other neighbours.
      return rewriteNamed(id).module === 'construction' ? 0.01 : 0;
  }
}

describe('rewritten workspaces compile without warnings and find what the original finds', () => {
  let original: readonly number[] = [];
  beforeAll(async () => {
    original = await recalls('original', exampleFiles, native);
  });

  async function expectOriginalRecall(name: string, steps: readonly Step[], flags: readonly string[]) {
    const given = await recalls(name.replaceAll(/[^a-z0-9]+/gi, '-'), applyProgram(steps), flags);
    const loss = steps.map(lossOf).reduce((sum, one) => sum + one, 0);
    for (const [i, recall] of original.entries()) {
      expect(given[i], `metric ${i}`).toBeGreaterThanOrEqual(recall - loss);
      if (loss === 0) expect(given[i], `metric ${i}`).toBe(recall);
    }
  }

  it('the original', () => {
    expect(original).toHaveLength(3);
    for (const recall of original) expect(recall).toBeGreaterThan(0.95);
  });

  it('the original, built by two threads', async () => {
    for (const recall of await recalls('threads', exampleFiles, native, 2))
      expect(recall).toBeGreaterThan(0.95);
  });

  for (const { name, steps } of programs) {
    it(name, () => expectOriginalRecall(name, steps, native));
  }
  for (const preferred of ['earlier', 'later'] as const) {
    const all = (at: 0 | -1): readonly Step[] => everything(at, preferred);
    const title = `all together, the ${preferred} of two in conflict`;
    it(`${title}, least values`, () => expectOriginalRecall(`${preferred}-least`, all(0), optimized));
    it(`${title}, greatest values`, () => expectOriginalRecall(`${preferred}-greatest`, all(-1), optimized));
    it(`${title}, portable paths`, () => expectOriginalRecall(`${preferred}-portable`, all(0), portable));
    it.runIf(process.arch === 'x64')(`${title}, AVX2`, () =>
      expectOriginalRecall(`${preferred}-avx2`, all(-1), avx2),
    );
    it(`${title}, sanitized`, () => expectOriginalRecall(`${preferred}-sanitized`, all(-1), sanitized));
  }
});
