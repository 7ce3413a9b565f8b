import { createTwoFilesPatch } from 'diff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unsafeIncludes } from '../../../src/engine/candidate/unsafeInclude.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { type HnswlibReport, removeHnswlibPrograms, runHnswlib } from './hnswlibProgram.ts';
import {
  applyToHnswlib,
  changedInHnswlib,
  hnswlib,
  hnswlibProgram,
  outsideHnswlibModule,
} from './hnswlibWorkspace.ts';
import { extremes, rewriteNamed, type Step } from './rewritesWorkspace.ts';

const fitting = ['batched-neighbour-prefetch', 'huge-pages', 'descent-prefetch'] as const;
const native = ['-O1', '-march=native'];
afterAll(removeHnswlibPrograms);

describe.each(fitting.map((id) => ({ id })))('$id on hnswlib', ({ id }) => {
  const [least, greatest] = extremes(id).map((values) => hnswlibProgram([[id, values]]));

  it('gives a diff fit for review', async () => {
    const diffs = [...changedInHnswlib(greatest!)].map(([path, text]) =>
      createTwoFilesPatch(path, path, hnswlib.files.get(path) ?? '', text, '', '', { context: 2 }),
    );
    await expect(diffs.join('\n')).toMatchFileSnapshot(`golden/hnswlib-${id}.diff`);
  });

  it('stays inside its module, includes system headers only, and adds no trailing space', () => {
    const module: ModuleName = rewriteNamed(id).module;
    for (const after of [least!, greatest!]) {
      const changed = changedInHnswlib(after);
      expect(outsideHnswlibModule(module, after)).toEqual([]);
      expect(unsafeIncludes(hnswlib.files, changed, hnswlib.manifest.build.includeDirs)).toEqual([]);
      expect(newLines(changed).filter((line) => /[ \t]$|\t/.test(line))).toEqual([]);
    }
  });

  it('writes every parameter value into the code, and declines its own code', () => {
    const { parameters } = rewriteNamed(id);
    const values = extremes(id).at(-1)!;
    for (const parameter of parameters) {
      const texts = parameter.values.map((value) =>
        JSON.stringify([...hnswlibProgram([[id, { ...values, [parameter.name]: value }]])]),
      );
      expect(new Set(texts).size, parameter.name).toBe(parameter.values.length);
    }
    expect(applyToHnswlib([id], greatest)).toMatchObject({
      kind: 'declined',
      reason: expect.stringMatching(/already/),
    });
  });
});

it.each([
  ['bitset-visited', /no method `insert\(id\)`: searches read its tags in place/],
  ['linear-candidate-pool', /nodes that it may pass through and not return/],
] as const)('%s declines hnswlib and says why', (id, reason) => {
  expect(applyToHnswlib([id])).toMatchObject({ kind: 'declined', reason: expect.stringMatching(reason) });
});

describe('rewritten headers answer as the original ones', () => {
  const all = (at: 0 | -1): FileTexts =>
    hnswlibProgram(fitting.map((id): Step => [id, extremes(id).at(at)!]));
  let original: HnswlibReport;
  beforeAll(async () => {
    original = await runHnswlib(hnswlib.files, native);
  }, 120_000);

  it('the original finds what there is', () => {
    expect(original.lines.length).toBeGreaterThan(40);
    for (const line of original.lines.filter((text) => !/narrow|epsilon/.test(text))) {
      expect(Number(line.split(' ')[1]), line).toBeGreaterThan(0.9);
    }
  });

  // Answers are compared to the last bit: labels and distances with deleted elements, filters and stop conditions,
  // after growing, saving and loading, and from four threads at once.
  it.each([
    ['each with its least values', 0],
    ['each with its greatest values', -1],
  ] as const)(
    '%s, without new warnings',
    async (_, at) => {
      const { lines, warnings } = await runHnswlib(all(at), native);
      expect(lines).toEqual(original.lines);
      expect(warnings).toEqual(original.warnings);
    },
    120_000,
  );

  const sanitizers = ['-O0', '-g1', '-fsanitize=address,undefined', '-fsanitize-recover=address,undefined'];

  it('without manual vectorisation, with nothing for the sanitizers to report', async () => {
    const { sanitized } = await runHnswlib(all(-1), [...sanitizers, '-DNO_MANUAL_VECTORIZATION']);
    expect(sanitized).toBe('');
  }, 120_000);

  it.runIf(process.arch === 'x64')(
    'with the only report of the address sanitizer that hnswlib itself has',
    async () => {
      const files = all(-1);
      const { sanitized } = await runHnswlib(files, sanitizers);
      const places = [...sanitized.matchAll(/^SUMMARY: .*?hnswalg\.h:(\d+) in (.*)$/gm)];
      expect(sanitized).not.toContain('runtime error');
      expect(places.length).toBeGreaterThan(0);
      // While building, prefetches take the id after the last one of a full list of an upper level.
      const lines = files.get('hnswlib/hnswalg.h')?.split('\n') ?? [];
      for (const [, line, where] of places) {
        expect(where).toContain('::searchBaseLayer(');
        expect(lines[Number(line) - 1]).toMatch(/_mm_prefetch\(.*\*\(datal \+ j \+ 1\)/);
      }
    },
    120_000,
  );
});

function newLines(changed: FileTexts): readonly string[] {
  return [...changed].flatMap(([path, text]) => {
    const old = new Set(hnswlib.files.get(path)?.split('\n'));
    return text.split('\n').filter((line) => !old.has(line));
  });
}
