/** The real CMake, on a project of one file. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildNativeParts } from '../../../../src/host/native/cmakeBuild.ts';

let folder: string;

function project(code: string): string {
  const sources = join(folder, 'sources');
  mkdirSync(join(sources, 'headers', 'node'), { recursive: true });
  // What is built in a folder of this name lies in one of this name.
  mkdirSync(join(sources, 'bin'), { recursive: true });
  const head = 'cmake_minimum_required(VERSION 3.20)\nproject(p CXX)\nadd_subdirectory(bin)\n';
  writeFileSync(join(sources, 'CMakeLists.txt'), head);
  writeFileSync(join(sources, 'bin', 'CMakeLists.txt'), 'add_executable(program main.cc)\n');
  writeFileSync(join(sources, 'bin', 'main.cc'), code);
  return sources;
}

const lines: string[] = [];
const fractions: number[] = [];
const request = (sources: string, signal = new AbortController().signal) => ({
  sources,
  destination: join(folder, 'storage', 'native-1'),
  compiler: '',
  signal,
  onLine: (line: string) => lines.push(line),
  onFraction: (fraction: number) => fractions.push(fraction),
});

describe('buildNativeParts', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annsmith-cmake-'));
    lines.length = 0;
    fractions.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('builds into the destination, and says how far it is', async () => {
    await buildNativeParts(request(project('int main() { return 0; }\n')));
    expect(existsSync(join(folder, 'storage', 'native-1', 'bin', 'program'))).toBe(true);
    expect(readdirSync(join(folder, 'storage'))).toEqual(['native-1']);
    expect(fractions.at(-1)).toBe(1);
  });

  it("hands on the compiler's words, and leaves nothing behind, where it fails", async () => {
    await expect(
      buildNativeParts(request(project('int main() { return missing; }\n'))),
    ).rejects.toMatchObject({
      name: 'BuildFailed',
      missing: false,
    });
    expect(lines.join('\n')).toMatch(/missing.*(not declared|undeclared)/);
    expect(readdirSync(join(folder, 'storage'))).toEqual([]);
  });

  it('says that CMake is missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      await expect(buildNativeParts(request(project('')))).rejects.toMatchObject({ missing: true });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('stops with the reason it was aborted for', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(buildNativeParts(request(project(''), controller.signal))).rejects.toThrow('enough');
    expect(readdirSync(join(folder, 'storage'))).toEqual([]);
  });
});
