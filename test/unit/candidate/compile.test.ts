import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CompileRequest, compile, compileCommand } from '../../../src/engine/candidate/compile.ts';
import { parseDiagnostics } from '../../../src/engine/candidate/diagnostics.ts';
import { writeCandidate } from '../../../src/engine/candidate/workspaceCopy.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';

const manifest = manifestSchema.parse({
  name: 'x',
  modules: { search: { regions: [{ file: 'include/f.h', symbol: 'f' }] } },
  roles: {},
  build: { adapter: 'adapter.cc', includeDirs: ['include'], flags: ['-O1', '-Wall'] },
  index: {},
  search: {},
  datasets: ['d'],
});
const files = new Map([
  [
    'adapter.cc',
    '#include "f.h"\n#include <annsmith/abi.h>\nextern "C" ANNSMITH_EXPORT int answer() { return f(); }\n',
  ],
  ['include/f.h', 'inline int f() { return 1; }\n'],
]);
const abiIncludeDir = join(import.meta.dirname, '../../../native/include');
const processes = createProcessRunner();
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'annsmith-compile-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const request = (): CompileRequest => ({
  dir,
  manifest,
  abiIncludeDir,
  output: 'candidate.so',
  sanitize: 'none',
});
const write = (text: string): Promise<void> =>
  writeCandidate(dir, { root: '/nowhere', files }, new Map([['include/f.h', text]]));

describe('writeCandidate', () => {
  it('copies the workspace with the texts of the candidate', async () => {
    await write('inline int f() { return 2; }\n');
    expect(await readFile(join(dir, 'include/f.h'), 'utf8')).toContain('return 2');
    expect(await readFile(join(dir, 'adapter.cc'), 'utf8')).toBe(files.get('adapter.cc'));
  });

  it('refuses to write outside its folder or over the workspace', async () => {
    const workspace = { root: dir, files };
    await expect(writeCandidate(dir, workspace, new Map())).rejects.toThrow(/refusing to write/);
    const other = join(dir, 'copy');
    await expect(writeCandidate(other, workspace, new Map([['../x.h', '']]))).rejects.toThrow(/leads out/);
    expect(existsSync(join(dir, 'x.h'))).toBe(false);
  });
});

describe('compile', () => {
  it('builds a shared library and reports warnings', async () => {
    await write('inline int f() { int unused = 0; return 1; }\n');
    const result = await compile(request(), { processes });
    expect(result).toMatchObject({ ok: true, library: join(dir, 'candidate.so') });
    expect(result.diagnostics[0]).toMatchObject({ file: 'include/f.h', line: 1, severity: 'warning' });
    expect((await readFile(join(dir, 'candidate.so'))).subarray(0, 4).toString('latin1')).toMatch(
      /ELF|\xcf\xfa/,
    );
    expect((await readdir(dir)).sort()).toEqual(['adapter.cc', 'candidate.so', 'include']);
  }, 30_000);

  it('reports errors with their place in the workspace', async () => {
    await write('inline int f() {\n  return undeclared;\n}\n');
    const result = await compile(request(), { processes });
    expect(result).toMatchObject({ ok: false, reason: 'errors' });
    const error = result.diagnostics.find(({ severity }) => severity === 'error');
    expect(error).toMatchObject({ file: 'include/f.h', line: 2, column: 10 });
    expect(error?.message).toContain('undeclared');
  }, 30_000);

  it('ends a compilation that takes too long', async () => {
    // A hundred million instantiations: no compiler is done within the limit.
    await write(
      'template <int N, int D> struct T { static constexpr int v = T<N * 2, D - 1>::v + T<N * 2 + 1, D - 1>::v; };\n' +
        'template <int N> struct T<N, 0> { static constexpr int v = N & 1; };\n' +
        'inline int f() { return T<1, 26>::v; }\n',
    );
    const result = await compile(request(), { processes, timeoutSeconds: 1 });
    expect(result).toMatchObject({ ok: false, reason: 'timeout' });
  }, 30_000);

  it('says what to install when there is no compiler', async () => {
    await write('inline int f() { return 1; }\n');
    const environment = { PATH: process.env.PATH, CXX: '/no/such/compiler' };
    await expect(compile(request(), { processes, environment })).rejects.toMatchObject({
      code: 'no-compiler',
      fix: expect.stringContaining('install g++ or clang'),
    });
  });

  it('passes no keys on to the compiler', async () => {
    await write('inline int f() { return 1; }\n');
    const seen: (Readonly<Record<string, string>> | undefined)[] = [];
    const recording = {
      ...processes,
      run: (...args: Parameters<typeof processes.run>) => {
        seen.push(args[2]?.env);
        return processes.run(...args);
      },
    };
    const environment = { ...process.env, OPENAI_API_KEY: 'secret', HOME: '/home/someone' };
    expect(await compile(request(), { processes: recording, environment })).toMatchObject({ ok: true });
    expect(Object.keys(seen[0] ?? {})).not.toEqual(expect.arrayContaining(['OPENAI_API_KEY']));
    expect(seen[0]).not.toHaveProperty('HOME');
  }, 30_000);

  it('adds the sanitizers and takes the compiler from CXX', () => {
    const { command, args } = compileCommand({ ...request(), sanitize: 'thread' }, { CXX: 'ccache clang++' });
    expect([command, args[0]]).toEqual(['ccache', 'clang++']);
    expect(args).toContain('-fsanitize=thread');
    expect(compileCommand(request(), {}).args.some((arg) => arg.startsWith('-fsanitize'))).toBe(false);
  });
});

describe('parseDiagnostics', () => {
  it('reads gcc, clang and the linker, and maps paths back', () => {
    const stderr = [
      'In file included from adapter.cc:1:',
      '/copy/include/f.h:3:7: fatal error: x.h: No such file or directory',
      './include/f.h:9: warning: something odd',
      '/usr/include/c++/12/vector:100:3: note: here',
      '    3 | #include "x.h"',
      "/usr/bin/ld: /tmp/cc.o: in function `f': a.cc:(.text+0x5): undefined reference to `g'",
      'clang: error: unknown argument: -x',
      'compilation terminated.',
    ].join('\n');
    expect(
      parseDiagnostics(stderr, '/copy').map(({ file, line, severity }) => [file, line, severity]),
    ).toEqual([
      ['include/f.h', 3, 'error'],
      ['include/f.h', 9, 'warning'],
      ['/usr/include/c++/12/vector', 100, 'note'],
      ['', 0, 'error'],
      ['', 0, 'error'],
    ]);
  });
});
