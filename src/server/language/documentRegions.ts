import { posix } from 'node:path';
import type { Position } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { CppSyntaxTrees } from '../../engine/module/cppSyntax.ts';
import { locateRegions } from '../../engine/module/regions.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import { type ModuleName, moduleNames, type Region, type SymbolRef } from '../../protocol/module.ts';
import { inRoot, type Root, type Roots } from '../roots.ts';

/** A region in an open document, where it is in the document's current text. */
export interface DocumentRegion {
  readonly root: Root;
  readonly module: ModuleName;
  readonly region: Region;
  /** First line of the definition, below its comment. */
  readonly definition: Position;
  /** Where its name stands. */
  readonly name: Position;
}

interface Known {
  readonly version: number;
  readonly manifest: Manifest;
  readonly regions: readonly DocumentRegion[];
}

/** Finds the regions of open documents; again only when their text or the manifest has changed. */
export class DocumentRegions {
  readonly #roots: Roots;
  readonly #syntax: () => Promise<CppSyntaxTrees>;
  readonly #known = new Map<string, Known>();

  constructor(roots: Roots, syntax: () => Promise<CppSyntaxTrees>) {
    this.#roots = roots;
    this.#syntax = syntax;
  }

  forget(uri: string): void {
    this.#known.delete(uri);
  }

  /** In the order of the text. `#include` blocks are left out: nothing of interest can be said of them. */
  async of(document: TextDocument): Promise<readonly DocumentRegion[]> {
    const uri = URI.parse(document.uri);
    if (uri.scheme !== 'file') return [];
    for (const root of this.#roots.holding(uri.fsPath)) {
      const manifest = await root.index.manifest();
      if (manifest === undefined) continue;
      const known = this.#known.get(document.uri);
      if (known?.version === document.version && known.manifest === manifest) return known.regions;
      const regions = await this.#find(root, manifest, inRoot(root, uri.fsPath), document);
      this.#known.set(document.uri, { version: document.version, manifest, regions });
      return regions;
    }
    return [];
  }

  async #find(
    root: Root,
    manifest: Manifest,
    file: string,
    document: TextDocument,
  ): Promise<readonly DocumentRegion[]> {
    const named = moduleNames.flatMap((module) =>
      (manifest.modules[module]?.regions ?? [])
        .filter((ref) => posix.normalize(ref.file) === file)
        .map((ref) => ({ module, ref: { file, symbol: ref.symbol } satisfies SymbolRef })),
    );
    if (named.length === 0) return [];
    const text = document.getText();
    const results = locateRegions(
      await this.#syntax(),
      named.map(({ ref }) => ref),
      text,
    );
    const regions = named.flatMap(({ module }, i): DocumentRegion[] => {
      const result = results[i]!;
      // What cannot be found while somebody types comes back by itself; the manifest's diagnostics tell of the rest.
      if (result.kind !== 'found' || result.region.kind === 'includes') return [];
      const { region } = result;
      const start = definitionStart(text, region);
      return [
        {
          root,
          module,
          region,
          definition: document.positionAt(start),
          name: document.positionAt(nameStart(text, region, start)),
        },
      ];
    });
    return regions.sort((a, b) => a.region.start - b.region.start);
  }
}

/** Past the comments that a region begins with. */
export function definitionStart(text: string, { start, end }: Region): number {
  const comments = /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(text.slice(start, end))?.[0] ?? '';
  return start + comments.length;
}

function nameStart(text: string, { symbol, end }: Region, start: number): number {
  const name = /[A-Za-z_]\w*(?=\s*(?:\(.*\))?$)/.exec(symbol.replace(/<[^<>]*>/g, ''))?.[0];
  if (name === undefined) return start;
  const found = new RegExp(`\\b${name}\\b`).exec(text.slice(start, end));
  return found === null ? start : start + found.index;
}
