import { readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { CppSyntaxTrees } from '../engine/module/cppSyntax.ts';
import { hasManifest } from '../engine/module/workspace.ts';
import { LedgerCache } from './ledgerCache.ts';
import { WorkspaceIndex } from './workspaceIndex.ts';

/** A folder that is, or could be, an Annsmith workspace. */
export interface Root {
  /** Absolute, as the client names it. */
  readonly path: string;
  readonly index: WorkspaceIndex;
  readonly ledger: LedgerCache;
}

/** The window's folders on disk, and those directly below them that hold a manifest. */
export class Roots {
  readonly #syntax: () => Promise<CppSyntaxTrees>;
  readonly #known = new Map<string, Root>();
  readonly #folders = new Set<string>();

  constructor(syntax: () => Promise<CppSyntaxTrees>) {
    this.#syntax = syntax;
  }

  /** The root of this path, made on first use. */
  of(folder: string): Root {
    const path = resolve(folder);
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const root = { path, index: new WorkspaceIndex(path, this.#syntax), ledger: new LedgerCache(path) };
    this.#known.set(path, root);
    return root;
  }

  get all(): readonly Root[] {
    return [...this.#known.values()];
  }

  /** A folder of the window, with what lies directly below it. */
  async add(folder: string): Promise<readonly Root[]> {
    this.#folders.add(folder);
    const nested = await nestedRoots(folder);
    return [folder, ...nested].map((path) => this.of(path));
  }

  remove(folder: string): readonly Root[] {
    this.#folders.delete(folder);
    const gone = this.all.filter(
      ({ path }) => isInside(folder, path) && ![...this.#folders].some((other) => isInside(other, path)),
    );
    for (const { path } of gone) this.#known.delete(path);
    return gone;
  }

  /** The roots that hold a file, innermost first. */
  holding(file: string): readonly Root[] {
    return this.all.filter(({ path }) => isInside(path, file)).sort((a, b) => b.path.length - a.path.length);
  }
}

/** Folders directly below that hold a manifest of their own. */
async function nestedRoots(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => join(folder, name));
  const held = await Promise.all(below.map(hasManifest));
  return below.filter((_, i) => held[i]).sort();
}

export function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`);
}

/** Path of a file relative to its root, with `/`. */
export function inRoot(root: Pick<Root, 'path'>, file: string): string {
  return relative(root.path, file).split(sep).join('/');
}
