import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTwoFilesPatch } from 'diff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unsafeIncludes } from '../../../src/engine/candidate/unsafeInclude.ts';
import type { Manifest } from '../../../src/protocol/manifest.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { type HnswlibReport, removeHnswlibPrograms, runHnswlib } from './hnswlibProgram.ts';
import {
  applyToHnswlib,
  changedInHnswlib,
  hnswlib,
  hnswlibProgram,
  outsideHnswlibModule,
  writeFiles,
} from './hnswlibWorkspace.ts';
import { applyStep, extremes, rewriteNamed, type Step, syntax } from './rewritesWorkspace.ts';

const run = promisify(execFile);
const id = 'int8-preliminary-search';
const header = 'hnswlib/hnswalg.h';
const adapter = hnswlib.manifest.build.adapter;
const check = 'hnswlibCodesCheck.cc';
const exact8 = hnswlibProgram([[id, { bits: 8, rerank: 4, clip: 0, variance: 1000 }]]);
const some7 = hnswlibProgram([[id, { bits: 7, rerank: 2, clip: 1, variance: 990 }]]);
const nibbles = hnswlibProgram([['int4-preliminary-search', { rerank: 4, clip: 0, variance: 1000 }]]);
afterAll(removeHnswlibPrograms);

it('gives a diff fit for review, in the header and the adapter', async () => {
  const changed = changedInHnswlib(exact8);
  expect([...changed.keys()].sort()).toEqual([adapter, header]);
  const diffs = [...changed].map(([path, text]) =>
    createTwoFilesPatch(path, path, hnswlib.files.get(path) ?? '', text, '', '', { context: 2 }),
  );
  await expect(diffs.join('\n')).toMatchFileSnapshot(`golden/hnswlib-${id}.diff`);
});

it.each([exact8, some7, nibbles])('stays inside its module, includes system headers only (%#)', (after) => {
  const changed = changedInHnswlib(after);
  expect(outsideHnswlibModule('refinement', after)).toEqual([]);
  expect(unsafeIncludes(hnswlib.files, changed, hnswlib.manifest.build.includeDirs)).toEqual([]);
  for (const text of changed.values()) {
    const old = new Set([...hnswlib.files.values()].flatMap((file) => file.split('\n')));
    expect(text.split('\n').filter((line) => !old.has(line) && /[ \t]$|\t/.test(line))).toEqual([]);
  }
});

it('writes every parameter value into the code', () => {
  for (const name of [id, 'int4-preliminary-search']) {
    const values = extremes(name).at(-1) ?? {};
    for (const parameter of rewriteNamed(name).parameters) {
      const texts = parameter.values.map((value) =>
        hnswlibProgram([[name, { ...values, [parameter.name]: value }]]).get(header),
      );
      expect(new Set(texts).size, parameter.name).toBe(parameter.values.length);
    }
  }
});

describe('declines and says why', () => {
  const reason = (pattern: RegExp) => ({ kind: 'declined', reason: expect.stringMatching(pattern) });
  const withFile = (file: string, from: string | RegExp, to: string): FileTexts => {
    const text = hnswlib.files.get(file) ?? '';
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return new Map(hnswlib.files).set(file, changed);
  };

  it('its own code', () => {
    expect(applyToHnswlib([id], exact8)).toMatchObject(reason(/compare codes already/));
    expect(applyToHnswlib([id], nibbles)).toMatchObject(reason(/compare codes already/));
  });

  it.each([
    [16, /codes fill 64 bytes, more than half/],
    [25, /codes fill 64 bytes, more than half/],
    [96, undefined],
  ] as const)('short vectors: %d values', (dim, pattern) => {
    const { files, manifest } = hnswlib;
    const facts = {
      n: 1000,
      dim,
      metric: 'euclidean',
      M: 16,
      efConstruction: 200,
      isa: [],
      llcBytes: 0,
    } as const;
    const source = { files, manifest, facts, syntax };
    const result = rewriteNamed(id).apply(source, { bits: 8, rerank: 2, clip: 0, variance: 1000 });
    expect(result).toMatchObject(pattern ? reason(pattern) : { kind: 'edited' });
  });

  it('a workspace whose refinement may not change what it must', () => {
    const refinement = hnswlib.manifest.modules.refinement;
    for (const lacking of ['HierarchicalNSW::updatePoint', 'annsmith_prepare']) {
      const regions = refinement?.regions.filter(({ symbol }) => symbol !== lacking) ?? [];
      const modules = { ...hnswlib.manifest.modules, refinement: { regions } };
      const manifest: Manifest = { ...hnswlib.manifest, modules };
      expect(applyStep([id], hnswlib.files, manifest)).toMatchObject(
        reason(new RegExp(`no region .${lacking}`)),
      );
    }
  });

  it.each([
    [
      header,
      /memcpy\(getDataByInternalId\(internalId\)/,
      'std::memmove(getDataByInternalId(internalId)',
      /memcpy/,
    ],
    [header, /num_deleted_/g, 'deleted_', /no member `num_deleted_`/],
    [header, '        if (cur_element_count == 0) return result;\n', '', /does not begin with a return/],
    ['hnswlib/space_ip.h', /InnerProductSpace/g, 'DotSpace', /no file defines `InnerProductSpace`/],
    [adapter, 'return bytes;', 'return bytes + 1;', /not as `annsmith init` writes it/],
  ] as const)('another shape of %s (%#)', (file, from, to, pattern) => {
    expect(applyToHnswlib([id], withFile(file, from, to))).toMatchObject(reason(pattern));
  });
});

describe('searches', () => {
  let original: HnswlibReport;
  beforeAll(async () => {
    original = await runHnswlib(hnswlib.files, ['-O1', '-march=native']);
  }, 120_000);

  it('without codes answer to the last bit as before, without new warnings', async () => {
    const { lines, warnings } = await runHnswlib(exact8, ['-O1', '-march=native']);
    expect(lines).toEqual(original.lines);
    expect(warnings).toEqual(original.warnings);
  }, 120_000);

  // One path per instruction set, and the portable one. The program itself checks that distances are exact, that codes
  // are compared where they may be and vectors where they must, after every change of the index.
  const paths = process.arch === 'x64' ? ['-march=native', '-mavx2', '-msse2'] : ['-march=native'];
  it.each(
    paths.flatMap(
      (path) =>
        [
          [path, '-O1', exact8, 0.98],
          [path, '-O3', some7, 0.97],
          [path, '-O1', nibbles, 0.75],
        ] as const,
    ),
  )(
    'by codes find what there is: %s %s',
    async (path, level, files, least) => {
      const { lines, warnings, sanitized } = await runHnswlib(files, [level, path], check);
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        const [, vectors, codes, widest] = line.split(' ').map(Number);
        expect(vectors, line).toBeGreaterThan(0.98);
        expect(codes, line).toBeGreaterThan(least);
        expect(widest, line).toBeGreaterThan(least);
      }
      expect(sanitized).toBe('');
      const known = new Set(original.warnings);
      expect(warnings.filter((text) => /^hnsw(alg|libCodes)/.test(text) && !known.has(text))).toEqual([]);
    },
    120_000,
  );

  it.each([exact8, some7, nibbles])(
    'give the sanitizers nothing to report (%#)',
    async (files) => {
      const flags = [
        '-O1',
        '-g1',
        '-march=native',
        '-fsanitize=address,undefined',
        '-fno-sanitize-recover=undefined',
      ];
      const { lines, sanitized } = await runHnswlib(files, [...flags, '-DNO_MANUAL_VECTORIZATION'], check);
      expect(sanitized).toBe('');
      expect(lines).toHaveLength(3);
    },
    240_000,
  );

  it('by codes work after the rewrites of searches', async () => {
    const construction = ['relaxed-neighbour-selection', 'sparser-upper-levels'];
    const search = ['batched-neighbour-prefetch', 'early-termination', 'independent-sums', 'huge-pages'];
    const others = [...construction, ...search, 'descent-prefetch'];
    const steps = [...others, id].map((name): Step => [name, extremes(name).at(-1) ?? {}]);
    const { lines } = await runHnswlib(hnswlibProgram(steps), ['-O1', '-march=native'], check);
    expect(lines).toHaveLength(3);
  }, 120_000);
});

/** What the adapter's driver says of the workspace in `files`, for one metric of the ABI. */
async function drive(root: string, files: FileTexts, metrics: readonly number[]): Promise<unknown[]> {
  await writeFiles(root, files);
  const includes = [join(import.meta.dirname, '../../../native/include'), join(root, 'hnswlib')];
  const driver = join(import.meta.dirname, '../module/hnswlibAdapterDriver.cc');
  const flags = ['-std=c++17', '-O1', '-march=native', ...includes.map((dir) => `-I${dir}`), '-pthread'];
  const program = join(root, 'driver');
  await run('g++', [...flags, join(root, adapter), driver, '-o', program], { maxBuffer: 1 << 26 });
  const answers = metrics.map(async (metric) =>
    JSON.parse((await run(program, [String(metric), '1'])).stdout),
  );
  return Promise.all(answers);
}

it('the adapter makes codes after building and importing, answers truly by them, and counts them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'annsmith-hnswlib-adapter-'));
  try {
    const metrics = [0, 1, 2];
    const plain = await drive(join(root, 'plain'), hnswlib.files, metrics);
    const coded = await drive(join(root, 'coded'), exact8, metrics);
    const memory = (answer: unknown): number => Number((answer as { memory: unknown }).memory);
    for (const [i, answer] of coded.entries()) {
      expect(answer).toMatchObject({ sameGraph: true, differing: 0, falseDistances: 0 });
      expect(answer).toHaveProperty(
        'recall',
        expect.toSatisfy((recall: number) => recall > 0.95),
      );
      expect(memory(answer)).toBeGreaterThanOrEqual(memory(plain[i]) + 64 * 2000);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}, 120_000);
