import { basename, join } from 'node:path';
import { errorText, UserError } from '../engine/errors.ts';
import type { CppSyntaxTrees } from '../engine/module/cppSyntax.ts';
import { proposeManifest } from '../engine/module/init.ts';
import { manifestFileName, parseManifest } from '../engine/module/manifestFile.ts';
import type { ReadText } from '../engine/module/sourceFiles.ts';
import { hasManifest, loadWorkspace, type Workspace } from '../engine/module/workspace.ts';
import { WorkspaceError, type WorkspaceProblem } from '../engine/module/workspaceError.ts';
import type { Manifest } from '../protocol/manifest.ts';
import { TextCache } from './textCache.ts';

/** What a folder is to Annsmith, as saved. */
export type IndexState =
  | { readonly kind: 'ready'; readonly workspace: Workspace }
  | { readonly kind: 'broken'; readonly problems: readonly WorkspaceProblem[] }
  | { readonly kind: 'recognised' }
  | { readonly kind: 'other' };

/** One folder's manifest and sources as saved; read again when asked to, where something has changed. */
export class WorkspaceIndex {
  readonly root: string;
  readonly #syntax: () => Promise<CppSyntaxTrees>;
  readonly #texts = new TextCache();
  #state: Promise<IndexState> | undefined;
  #recognised: Promise<boolean> | undefined;
  #manifest: { readonly text: string; readonly manifest: Manifest | undefined } | undefined;

  constructor(root: string, syntax: () => Promise<CppSyntaxTrees>) {
    this.root = root;
    this.#syntax = syntax;
  }

  /** As it was read last. */
  state(): Promise<IndexState> {
    this.#state ??= this.#load(undefined);
    return this.#state;
  }

  /** Reads what has changed; true when the state is another one than it was read to be before. */
  async refresh(): Promise<boolean> {
    const before = await this.#state;
    const next = this.#load(before);
    this.#state = next;
    const state = await next;
    return before !== undefined && !sameState(before, state);
  }

  /** Files have come or gone: a folder without a manifest may be one that `init` knows now. */
  recogniseAgain(): void {
    this.#recognised = undefined;
  }

  /** A text as saved, read again only where it has changed. */
  readonly readSaved: ReadText = (path, found) => this.#texts.read(path, found);

  /** The manifest alone, without the sources: enough to know which regions a file has. */
  async manifest(): Promise<Manifest | undefined> {
    const text = await this.#texts.read(join(this.root, manifestFileName)).catch(() => undefined);
    if (text === undefined) return undefined;
    if (this.#manifest?.text !== text) this.#manifest = { text, manifest: parsed(text) };
    return this.#manifest.manifest;
  }

  async #load(before: IndexState | undefined): Promise<IndexState> {
    try {
      const workspace = await loadWorkspace(this.root, {
        syntax: await this.#syntax(),
        readText: this.readSaved,
      });
      const same = before?.kind === 'ready' && sameWorkspace(before.workspace, workspace);
      return same ? before : { kind: 'ready', workspace };
    } catch (error) {
      if (!(await hasManifest(this.root))) {
        this.#recognised ??= this.#recognise();
        return { kind: (await this.#recognised) ? 'recognised' : 'other' };
      }
      if (error instanceof WorkspaceError) return { kind: 'broken', problems: error.problems };
      const problem = { field: '', message: errorText(error), fix: 'Correct it, then save annsmith.json.' };
      return { kind: 'broken', problems: [problem] };
    }
  }

  async #recognise(): Promise<boolean> {
    try {
      await proposeManifest(this.root, { syntax: await this.#syntax() });
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }
}

function parsed(text: string): Manifest | undefined {
  try {
    return parseManifest(text);
  } catch {
    return undefined;
  }
}

function sameState(a: IndexState, b: IndexState): boolean {
  if (a === b) return true;
  if (a.kind === 'broken' && b.kind === 'broken')
    return JSON.stringify(a.problems) === JSON.stringify(b.problems);
  return a.kind === b.kind && a.kind !== 'ready' && a.kind !== 'broken';
}

function sameWorkspace(a: Workspace, b: Workspace): boolean {
  return (
    a.files.size === b.files.size &&
    [...a.files].every(([path, text]) => b.files.get(path) === text) &&
    JSON.stringify(a.manifest) === JSON.stringify(b.manifest)
  );
}

/** What a folder is called before its manifest can be read. */
export function folderName(root: string): string {
  return basename(root);
}
