import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import {
  applyProgram,
  everything,
  exampleFiles,
  extremes,
  rewriteNamed,
  type Step,
} from './rewritesWorkspace.ts';

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), 'annsmith-rewrites-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const strict = ['-std=c++17', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-pthread'];
const native = ['-O1', '-march=native'];
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

const programs: readonly { readonly name: string; readonly steps: readonly Step[] }[] = catalogue.flatMap(
  ({ id }) =>
    extremes(id).map((values) => ({
      name: [id, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join(' '),
      steps: [[id, values]] as const,
    })),
);

describe('rewritten workspaces compile without warnings and find what the original finds', () => {
  let original: readonly number[] = [];
  beforeAll(async () => {
    original = await recalls('original', exampleFiles, native);
  });

  async function expectOriginalRecall(name: string, steps: readonly Step[], flags: readonly string[]) {
    const given = await recalls(name.replaceAll(/[^a-z0-9]+/gi, '-'), applyProgram(steps), flags);
    const codes = steps.find(([id]) => id === 'int8-preliminary-search')?.[1];
    // Codes confuse neighbours whose distances differ by less than their rounding, about one result in 40 on vectors of
    // 20 values; re-ranking more than the results asked for finds most again. Another graph finds others too. Everything else changes no answer.
    const builds = steps.some(([id]) => rewriteNamed(id).module === 'construction');
    const loss = codes === undefined ? (builds ? 0.01 : 0) : codes.rerank === 1 ? 0.04 : 0.01;
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
  it('all together, least values', () => expectOriginalRecall('all-least', everything(0), native));
  it('all together, greatest values', () => expectOriginalRecall('all-greatest', everything(-1), native));
  it('all together, portable paths', () => expectOriginalRecall('all-portable', everything(0), portable));
  it.runIf(process.arch === 'x64')('all together, AVX2', () =>
    expectOriginalRecall('all-avx2', everything(-1), avx2),
  );
  it('all together, sanitized', () => expectOriginalRecall('all-sanitized', everything(-1), sanitized));
});
