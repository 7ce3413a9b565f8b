/** The import rules of the layout, checked on the source text of every module. */
import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

interface SourceFile {
  readonly path: string;
  readonly lines: number;
  readonly text: string;
  readonly imports: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;

async function sources(): Promise<SourceFile[]> {
  const entries = await readdir(src, { recursive: true, withFileTypes: true });
  const files = entries.filter((e) => e.isFile() && e.name.endsWith('.ts'));
  return Promise.all(
    files.map(async (entry) => {
      const absolute = join(entry.parentPath, entry.name);
      const text = await readFile(absolute, 'utf8');
      const imports = [...text.matchAll(importPattern)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
      return {
        path: relative(src, absolute),
        lines: text.split('\n').length,
        text,
        imports: imports.map((i) => (i.startsWith('.') ? relative(src, resolve(dirname(absolute), i)) : i)),
      };
    }),
  );
}

const files = await sources();
const ours = (path: string): boolean => path.endsWith('.ts');
const inFolder = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
/** The stage folder of an engine file (`engine/verify/x.ts` -> `verify`), or none for the files above the stages. */
const stageOf = (path: string): string | undefined => /^engine\/([^/]+)\//.exec(path)?.[1];

/** Every import that breaks the rule, as `file -> import`. */
function offences(
  applies: (file: SourceFile) => boolean,
  forbidden: (target: string, file: SourceFile) => boolean,
): string[] {
  return files
    .filter(applies)
    .flatMap((file) => file.imports.filter((i) => forbidden(i, file)).map((i) => `${file.path} -> ${i}`));
}

describe('architecture', () => {
  it('sees the sources', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((f) => f.imports).length).toBeGreaterThan(50);
  });

  it('protocol imports nothing of ours', () => {
    expect(
      offences(
        (f) => inFolder(f.path, 'protocol'),
        (i) => ours(i) && !inFolder(i, 'protocol'),
      ),
    ).toEqual([]);
  });

  it('the engine imports protocol and engine only, never vscode', () => {
    const allowed = (i: string): boolean => !ours(i) || inFolder(i, 'engine') || inFolder(i, 'protocol');
    expect(
      offences(
        (f) => inFolder(f.path, 'engine'),
        (i) => i === 'vscode' || !allowed(i),
      ),
    ).toEqual([]);
  });

  it('a stage does not import another stage, directly or through a file that joins stages', () => {
    const joinsStages = new Set(
      files
        .filter((f) => inFolder(f.path, 'engine') && stageOf(f.path) === undefined)
        .filter((f) => f.imports.some((i) => ours(i) && stageOf(i) !== undefined))
        .map((f) => f.path),
    );
    expect(
      offences(
        (f) => stageOf(f.path) !== undefined,
        (i, f) => joinsStages.has(i) || (stageOf(i) !== undefined && stageOf(i) !== stageOf(f.path)),
      ),
    ).toEqual([]);
  });

  it('the addon is loaded by engine/native.ts alone', () => {
    // Naming the file is no loading: the host asks whether it is there.
    const loads = /\b(?:createRequire|require|dlopen|import)\(/;
    const loaders = files.filter((f) => /\.node['"`]/.test(f.text) && loads.test(f.text)).map((f) => f.path);
    expect(loaders).toEqual(['engine/native.ts']);
  });

  it('openai is imported in engine/policy only, vscode in host only', () => {
    expect(
      offences(
        (f) => !inFolder(f.path, 'engine/policy'),
        (i) => i === 'openai' || i.startsWith('openai/'),
      ),
    ).toEqual([]);
    expect(
      offences(
        (f) => !inFolder(f.path, 'host') && f.path !== 'extension.ts',
        (i) => i === 'vscode',
      ),
    ).toEqual([]);
  });

  it('the host imports protocol and host only, the server neither host nor cli, the cli neither', () => {
    const host = (path: string): boolean => inFolder(path, 'host') || path === 'extension.ts';
    expect(
      offences(
        (f) => host(f.path),
        (i) => ours(i) && !host(i) && !inFolder(i, 'protocol'),
      ),
    ).toEqual([]);
    expect(
      offences(
        (f) => inFolder(f.path, 'server') || inFolder(f.path, 'cli'),
        (i, f) =>
          ours(i) && !['engine', 'protocol', f.path.split('/')[0]!].some((folder) => inFolder(i, folder)),
      ),
    ).toEqual([]);
  });

  it('zod is imported as a namespace: one `{ z }` puts the whole of it, languages included, into every bundle', () => {
    const named = files.filter(({ text }) => /^import (?:\{[^}]*\bz\b[^}]*\}|z) from 'zod'/m.test(text));
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  it('every package that is imported is a dependency', async () => {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    // The editor brings `vscode`.
    const packages = files
      .flatMap((f) => f.imports)
      .filter((i) => !ours(i) && i !== 'vscode' && !/^(node:|\.\.)/.test(i));
    const names = new Set(
      packages.map((i) => (i.startsWith('@') ? i.split('/').slice(0, 2).join('/') : i.split('/')[0]!)),
    );
    expect([...names].filter((n) => !(n in manifest.dependencies) && !builtinModules.includes(n))).toEqual(
      [],
    );
  });

  it('no file is over 500 lines', () => {
    expect(files.filter((f) => f.lines > 500).map((f) => `${f.path}: ${f.lines}`)).toEqual([]);
  });
});
