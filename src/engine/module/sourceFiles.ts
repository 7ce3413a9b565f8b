import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, posix, relative, sep } from 'node:path';

const cppExtensions: ReadonlySet<string> = new Set(
  '.h .hh .hpp .hxx .inl .ipp .tpp .c .cc .cpp .cxx'.split(' '),
);
/** Builds (`build`, `build-debug`, `cmake-build-release`) and packages; `builder` is a source folder. */
const skippedFolders = /^(?:node_modules|(?:cmake-)?build(?:[-_].*)?)$/;
const maximumFileBytes = 8 * 1024 * 1024;
const maximumFiles = 5000;

export interface SourceProblem {
  /** Path relative to the root, with `/`. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** Text files by path relative to the root, and what could not be read. */
export interface SourceFiles {
  readonly files: ReadonlyMap<string, string>;
  readonly problems: readonly SourceProblem[];
}

/**
 * How a text is read: from the disk, or from what is known of a file that has not changed. Throws TypeError where it is
 * not UTF-8. `found` is undefined for the manifest, of which nothing but its path is known.
 */
export type ReadText = (path: string, found?: Stats) => Promise<string>;

export async function readUtf8(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
}

/** True for the name of a file that is read as C++. */
export function isCppFile(name: string): boolean {
  return cppExtensions.has(extname(name));
}

/**
 * Reads the C++ files under `folders` (relative to `root`), the named `files`, what lies beside them, and what any of
 * these includes by a path of its own; nothing outside the root. Folders below a named file are not searched: it may lie
 * at the top of a large repository.
 */
export async function readSources(
  root: string,
  folders: readonly string[],
  files: readonly string[],
  readText: ReadText = readUtf8,
): Promise<SourceFiles> {
  const reader = new SourceReader(await realpath(root), readText);
  for (const file of files) await reader.file(file);
  for (const folder of folders) await reader.folder(folder, 'whole');
  for (const folder of new Set(files.map((file) => posix.dirname(file)))) {
    await reader.folder(folder, 'files');
  }
  await reader.included();
  const sorted = [...reader.texts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { files: new Map(sorted), problems: reader.problems };
}

class SourceReader {
  readonly texts = new Map<string, string>();
  readonly problems: SourceProblem[] = [];
  readonly #root: string;
  readonly #readText: ReadText;
  readonly #visited = new Set<string>();
  #isFull = false;

  constructor(root: string, readText: ReadText) {
    this.#root = root;
    this.#readText = readText;
  }

  async folder(path: string, depth: 'whole' | 'files'): Promise<void> {
    const real = await this.#resolve(path);
    if (real === undefined || this.#visited.has(real)) return;
    if (depth === 'whole') this.#visited.add(real);
    for (const entry of (await readdir(real)).sort()) {
      if (entry.startsWith('.') || skippedFolders.test(entry)) continue;
      const child = normalise(join(path, entry));
      const target = await this.#resolve(child);
      if (target === undefined) continue;
      const kind = await stat(target);
      if (kind.isDirectory()) {
        if (depth === 'whole') await this.folder(child, depth);
      } else if (kind.isFile() && isCppFile(entry)) await this.file(child);
    }
  }

  /** Follows quoted includes relative to the file they stand in. */
  async included(): Promise<void> {
    // The map grows while it is walked.
    for (const [file, text] of this.texts) {
      for (const [, target = ''] of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)) {
        const path = posix.join(posix.dirname(file), target);
        if (this.texts.has(path) || path.startsWith('../') || posix.isAbsolute(target)) continue;
        // What does not stand there is found by an include folder, or by the compiler.
        const isThere = await stat(join(this.#root, path)).then(
          (found) => found.isFile(),
          () => false,
        );
        if (isThere) await this.file(path);
      }
    }
  }

  async file(path: string): Promise<void> {
    const name = normalise(path);
    if (this.texts.has(name)) return;
    const real = await this.#resolve(name);
    if (real === undefined) return;
    const kind = await stat(real);
    if (!kind.isFile()) {
      this.#problem(name, 'is not a file', 'name a source file');
    } else if (kind.size > maximumFileBytes) {
      this.#problem(name, `is ${kind.size} bytes`, `keep sources below ${maximumFileBytes} bytes`);
    } else if (this.texts.size >= maximumFiles) {
      if (!this.#isFull) {
        this.#problem(name, `is one of more than ${maximumFiles} sources`, 'narrow build.includeDirs');
      }
      this.#isFull = true;
    } else {
      try {
        this.texts.set(name, await this.#readText(real, kind));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.#problem(name, 'is not UTF-8 text', 'convert the file to UTF-8');
      }
    }
  }

  /** The real path of a file of the workspace; undefined, with the problem noted, when there is none inside it. */
  async #resolve(path: string): Promise<string | undefined> {
    let real: string;
    try {
      real = await realpath(join(this.#root, path));
    } catch {
      this.#problem(path, 'does not exist', 'create it or correct the path');
      return undefined;
    }
    const inside = relative(this.#root, real);
    if (inside === '..' || inside.startsWith(`..${sep}`)) {
      this.#problem(path, 'is a link that leads outside the workspace', 'copy the file into the workspace');
      return undefined;
    }
    return real;
  }

  #problem(path: string, message: string, fix: string): void {
    if (!this.problems.some((other) => other.path === path && other.message === message)) {
      this.problems.push({ path, message, fix });
    }
  }
}

function normalise(path: string): string {
  return join(path).split(sep).join('/');
}
