import { posix } from 'node:path';
import {
  type ModuleName,
  moduleNames,
  type RoleName,
  roleNames,
  type SymbolRef,
} from '../../protocol/module.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import type { CppSyntaxTrees } from './cppSyntax.ts';
import { includesSymbol, locateRegion } from './regions.ts';
import type { WorkspaceLayout } from './workspaceLayout.ts';

/** Names by which parts of an HNSW go, without case and underscores. */
const moduleSymbols: Readonly<Record<ModuleName, RegExp>> = {
  construction:
    /^((index|graph|hnsw)?builder|(select|prune)neighbou?rs(heuristic)?|(draw|random|generate)levels?)$/,
  search:
    /^(visited(set|list|table|bits)|candidate(pool|queue|heap)|linearpool|searchlayer|searchbaselayer)$/,
  refinement: /^((graph)?refiner|greedystep|greedydescent|rerank(er)?|(exact)?distance(computer)?)$/,
};

const roleSymbols: Readonly<Record<RoleName, RegExp>> = {
  distance: /^(exactdistance|distancecomputer|distance|l2sqr|squaredeuclidean)$/,
  neighbourLoop: /^(searchlayer::(run|search|operator\(\))|searchlayer|searchbaselayer)$/,
  visitedSet: /^visited(set|list|table|bits)$/,
  candidatePool: /^(candidate(pool|queue|heap)|linearpool)$/,
  entryPoint: /^((graph)?refiner::entrypoint|entrypoint|greedydescent)$/,
  neighbourSelection: /^(select|prune)neighbou?rs(heuristic)?$/,
  storage: /^(alignedbuffer|vectorstorage|storage)$/,
};

/** A definition by name, in a file. */
interface Named extends SymbolRef {
  readonly path: readonly string[];
}

/** A workspace that implements the C ABI itself and names its parts as the literature does. */
export const symbolLayout: WorkspaceLayout = {
  looksFor:
    'a source that defines annsmith_search, with a construction (e.g. Builder, SelectNeighbours) and a search (e.g. SearchLayer, VisitedSet, CandidatePool)',

  recognise(files, syntax) {
    // Spares a large workspace of another kind the parsing.
    if (![...files.values()].some((text) => text.includes('annsmith_search'))) return undefined;
    const all = definitionsIn(files, syntax);
    const adapter = all.find(({ symbol }) => symbol === 'annsmith_search')?.file;
    if (adapter === undefined) return undefined;
    const reasons = [`${adapter} implements the C ABI`];
    const locates = (ref: SymbolRef): boolean =>
      locateRegion(syntax, ref, files.get(ref.file) ?? '').kind === 'found';
    const modules: Partial<Record<ModuleName, { regions: SymbolRef[] }>> = {};
    for (const name of moduleNames) {
      const regions = outermost(
        all.filter(({ path }) => moduleSymbols[name].test(plain(path.slice(-1)))),
      ).filter(locates);
      if (regions.length === 0) continue;
      modules[name] = { regions: withIncludes(regions, locates) };
      reasons.push(`${name}: ${regions.map(({ file, symbol }) => `${symbol} (${file})`).join(', ')}`);
    }
    if (modules.construction === undefined || modules.search === undefined) return undefined;
    const roles = roleNames.flatMap((role): [RoleName, SymbolRef][] => {
      // A member is a closer match than the class around it.
      const ref = [2, 1]
        .flatMap((length) => all.filter(({ path }) => roleSymbols[role].test(plain(path.slice(-length)))))
        .find(locates);
      return ref ? [[role, { file: ref.file, symbol: ref.symbol }]] : [];
    });
    const unbound = roleNames.filter((role) => !roles.some(([bound]) => bound === role));
    if (unbound.length > 0) reasons.push(`no symbol was found for the roles ${unbound.join(', ')}`);
    return {
      manifest: {
        modules,
        roles: Object.fromEntries(roles),
        build: { adapter, includeDirs: includeDirsOf(files) },
      },
      added: new Map(),
      reasons,
    };
  },
};

function definitionsIn(files: FileTexts, syntax: CppSyntaxTrees): readonly Named[] {
  return [...files].flatMap(([file, text]) => {
    const tree = syntax.parse(text);
    try {
      return syntax.definitions(tree).map(({ path }) => ({ file, path, symbol: shortName(path) }));
    } finally {
      tree.delete();
    }
  });
}

/** The name from the first capitalised segment on: namespaces are lower case by convention and need not be named. */
function shortName(path: readonly string[]): string {
  const type = path.findIndex((segment) => /^[A-Z]/.test(segment));
  return path.slice(type < 0 ? -1 : type).join('::');
}

function plain(path: readonly string[]): string {
  return path.join('::').toLowerCase().replaceAll('_', '');
}

/** Without those that are part of another one. */
function outermost(found: readonly Named[]): readonly SymbolRef[] {
  const isInside = (inner: Named, outer: Named): boolean =>
    inner.file === outer.file &&
    inner.path.length > outer.path.length &&
    outer.path.every((segment, i) => inner.path[i] === segment);
  const outer = found.filter((inner) => !found.some((other) => isInside(inner, other)));
  const unique = new Map(outer.map(({ file, symbol }) => [`${file} ${symbol}`, { file, symbol }]));
  return [...unique.values()];
}

function withIncludes(regions: readonly SymbolRef[], locates: (ref: SymbolRef) => boolean): SymbolRef[] {
  return [...new Set(regions.map(({ file }) => file))].flatMap((file) => {
    const includes = { file, symbol: includesSymbol };
    return [...(locates(includes) ? [includes] : []), ...regions.filter((ref) => ref.file === file)];
  });
}

/** Folders from which the quoted includes of the workspace resolve. */
function includeDirsOf(files: FileTexts): string[] {
  const folders = new Set<string>();
  for (const [file, text] of files) {
    for (const [, target = ''] of text.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
      if (files.has(posix.join(posix.dirname(file), target))) continue;
      const found = [...files.keys()].find((path) => path.endsWith(`/${target}`));
      if (found !== undefined) folders.add(found.slice(0, -target.length - 1));
      else if (files.has(target)) folders.add('.');
    }
  }
  return [...folders].sort();
}
