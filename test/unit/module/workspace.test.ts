import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { loadWorkspace, type Workspace } from '../../../src/engine/module/workspace.ts';
import { WorkspaceError } from '../../../src/engine/module/workspaceError.ts';

const header = `#pragma once
#include <cstdint>
// Why: the block has a comment.
#include <vector>
#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace demo {
// Walks the graph.
// Second line.
class Searcher {
 public:
  int run(int ef) { return ef; }
};

int twice(int x) { return 2 * x; }
// The other one.
int twice(float x) { return static_cast<int>(2 * x); }

int apart(int x) { return x; }
int between() { return 0; }
int apart(float x) { return static_cast<int>(x); }
}  // namespace demo
`;

const baseManifest = {
  name: 'demo',
  modules: { search: { regions: [{ file: 'include/search.h', symbol: 'Searcher' }] } },
  roles: { neighbourLoop: { file: 'include/search.h', symbol: 'Searcher::run' } },
  build: { adapter: 'adapter.cc', includeDirs: ['include'] },
  index: {},
  search: {},
  datasets: ['mnist-784-euclidean'],
};

const syntax = await createCppSyntax();
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'annsmith-workspace-'));
  await put('include/search.h', header);
  await put('adapter.cc', '#include "search.h"\n');
  await put('annsmith.json', JSON.stringify(baseManifest));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
}

const load = (): Promise<Workspace> => loadWorkspace(dir, { syntax });

async function problemsOf(manifest: unknown): Promise<string[]> {
  await put('annsmith.json', typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  const error = await load().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WorkspaceError);
  if (!(error instanceof WorkspaceError)) throw new Error('unreachable');
  expect(error.message).toContain(join(dir, 'annsmith.json'));
  return error.problems.map(({ field, message, fix }) => `${field}: ${message} (${fix})`);
}

function withSearch(...symbols: string[]): unknown {
  const regions = symbols.map((symbol) => ({ file: 'include/search.h', symbol }));
  return { ...baseManifest, modules: { search: { regions } } };
}

describe('loadWorkspace', () => {
  it('reads the sources of the workspace and leaves out builds and hidden folders', async () => {
    await put('include/build/made.h', '');
    await put('include/cmake-build-debug/made.h', '');
    await put('include/builder/kept.h', '');
    await put('include/deep/more.hpp', '');
    await put('include/notes.txt', '');
    await put('.annsmith/run.h', '');
    await put('node_modules/dep/dep.h', '');
    const { files, manifest } = await load();
    expect([...files.keys()]).toEqual([
      'adapter.cc',
      'include/builder/kept.h',
      'include/deep/more.hpp',
      'include/search.h',
    ]);
    expect(manifest.search.k).toBe(10);
  });

  it('takes the comment above and the closing semicolon into a region', async () => {
    const { regions, roles, files } = await load();
    const region = regions.search[0];
    const text = files.get('include/search.h')?.slice(region?.start, region?.end) ?? '';
    expect(text.startsWith('// Walks the graph.\n// Second line.\nclass Searcher {')).toBe(true);
    expect(text.endsWith('};')).toBe(true);
    expect(region).toMatchObject({ kind: 'type', startLine: 10, endLine: 15 });
    expect(roles.neighbourLoop).toMatchObject({ kind: 'function', startLine: 14, endLine: 14 });
  });

  it('finds a region again, with the same hash, after edits elsewhere', async () => {
    const before = (await load()).regions.search[0];
    await put('include/search.h', `// moved\n\n${header.replace('return 2 * x', 'return x + x')}`);
    const after = (await load()).regions.search[0];
    expect(after?.hash).toBe(before?.hash);
    expect(after?.startLine).toBe((before?.startLine ?? 0) + 2);
  });

  it('takes the whole block of includes as #includes', async () => {
    await put('annsmith.json', JSON.stringify(withSearch('#includes')));
    const { regions, files } = await load();
    const region = regions.search[0];
    const text = files.get('include/search.h')?.slice(region?.start, region?.end) ?? '';
    expect(text.startsWith('#include <cstdint>')).toBe(true);
    expect(text.endsWith('#endif')).toBe(true);
    expect(region?.kind).toBe('includes');
  });

  it('finds the includes inside an include guard', async () => {
    await put(
      'include/search.h',
      '// x\n#ifndef A_H\n#define A_H\n#include <a>\n#include "b.h"\nint f();\n#endif\n',
    );
    await put('annsmith.json', JSON.stringify({ ...(withSearch('#includes') as object), roles: {} }));
    const { regions } = await load();
    expect(regions.search[0]).toMatchObject({ startLine: 4, endLine: 5 });
  });

  it('joins adjacent overloads and asks for a signature for others', async () => {
    await put('annsmith.json', JSON.stringify(withSearch('twice', 'apart(float)')));
    const { regions } = await load();
    expect(regions.search.map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
      [17, 19],
      [23, 23],
    ]);
    const [problem] = await problemsOf(withSearch('apart'));
    expect(problem).toContain('modules.search.regions[0].symbol');
    expect(problem).toContain('demo::apart(int) (include/search.h:21)');
    expect(problem).toContain('demo::apart(float) (include/search.h:23)');
  });

  it('lists the nearest symbols for a missing one', async () => {
    const [problem] = await problemsOf(withSearch('Searcher', 'Sercher::run'));
    expect(problem).toContain('modules.search.regions[1].symbol');
    expect(problem).toContain('demo::Searcher::run (include/search.h:14)');
  });

  it('reports every problem at once', async () => {
    const problems = await problemsOf({
      ...baseManifest,
      modules: { search: { regions: [{ file: 'include/none.h', symbol: 'f' }] } },
      roles: { distance: { file: 'include/search.h', symbol: 'nope' } },
      build: { adapter: 'gone.cc', includeDirs: ['include', 'no-such'] },
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'modules.search.regions[0].file',
      'build.adapter',
      'build.includeDirs[1]',
      'roles.distance.symbol',
    ]);
  });

  it('refuses overlapping regions', async () => {
    const [problem] = await problemsOf(withSearch('Searcher', 'Searcher::run'));
    expect(problem).toContain('overlaps `Searcher`');
  });

  it.each([
    ['{\n  "name": "x",\n  bad\n}', 'line 3, column 3', 'a key in double quotes'],
    ['{"name": x}', 'line 1, column 10', 'a value'],
    ['', 'line 1, column 1', 'a value'],
    ['{"a": [1, 2', 'line 1, column 12', 'a comma or `]`'],
    ['{} {}', 'line 1, column 4', 'the end of the file'],
  ])('names line and column of bad JSON: %j', async (text, where, expected) => {
    const [problem] = await problemsOf(text);
    expect(problem).toContain(where);
    expect(problem).toContain(expected);
  });

  it.each([
    ['unknown key', { ...baseManifest, nmae: 'x' }, 'nmae: unknown key (nearest: name'],
    [
      'unknown nested key',
      { ...baseManifest, build: { ...baseManifest.build, flag: [] } },
      'build.flag: unknown key (nearest: flags',
    ],
    ['wrong type', { ...baseManifest, index: { M: '16' } }, 'index.M: expected number'],
    ['unknown metric', { ...baseManifest, index: { metric: 'l2' } }, 'index.metric: not a known value'],
    [
      'missing field',
      { ...baseManifest, datasets: undefined },
      'datasets: is missing (write a value of type array)',
    ],
    ['ef', { ...baseManifest, search: { ef: 'all' } }, 'search.ef: none of the allowed forms'],
    [
      'path outside',
      { ...baseManifest, build: { adapter: '../a.cc' } },
      'build.adapter: must be a path inside the workspace',
    ],
    ['no module', { ...baseManifest, modules: {} }, 'modules: names no module'],
  ])('names the field: %s', async (_, manifest, expected) => {
    expect((await problemsOf(manifest)).join('\n')).toContain(expected);
  });

  it('refuses links out of the workspace and text that is not UTF-8', async () => {
    await symlink('/etc/passwd', join(dir, 'include/leak.h'));
    await put('include/latin.h', new Uint8Array([0x2f, 0x2f, 0xe9, 0x0a]));
    const problems = await problemsOf(baseManifest);
    expect(problems.join('\n')).toContain('include/leak.h is a link that leads outside the workspace');
    expect(problems.join('\n')).toContain('include/latin.h is not UTF-8 text');
  });

  it('says how to start where there is no manifest', async () => {
    await rm(join(dir, 'annsmith.json'));
    await expect(load()).rejects.toThrow(/annsmith\.json: does not exist \(run `annsmith init`/);
  });
});
