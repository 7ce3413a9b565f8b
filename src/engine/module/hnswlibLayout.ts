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
import { hnswlibAdapter, hnswlibAdapterFile } from './hnswlibAdapter.ts';
import { includesSymbol, locateRegion } from './regions.ts';
import type { WorkspaceLayout } from './workspaceLayout.ts';

const header = 'hnswalg.h';

const index = (name: string): SymbolRef => ({ file: header, symbol: `HierarchicalNSW::${name}` });
const emptyIndex = 'HierarchicalNSW(SpaceInterface<dist_t>*, size_t, size_t, size_t, size_t, bool)';

/** What a module may change, files and symbols in order; a file's `#include` lines come with it. */
const wanted: Readonly<Record<ModuleName, readonly SymbolRef[]>> = {
  construction: [
    index(emptyIndex),
    index('getRandomLevel'),
    index('searchBaseLayer'),
    index('getNeighborsByHeuristic2'),
    index('mutuallyConnectNewElement'),
    index('addPoint(const void*, labeltype, int)'),
  ],
  search: [
    index('data_level0_memory_'),
    index('fstdistfunc_'),
    index(emptyIndex),
    index('searchBaseLayerST'),
    index('resizeIndex'),
    index('loadIndex'),
    index('searchKnn'),
    { file: 'visited_list_pool.h', symbol: 'VisitedList' },
    { file: 'visited_list_pool.h', symbol: 'VisitedListPool' },
  ],
  // What is made of the vectors goes with them (`clear`) and follows their changes (`updatePoint`).
  refinement: [
    index('data_level0_memory_'),
    index('fstdistfunc_'),
    index('clear'),
    index('updatePoint'),
    index('searchKnn'),
  ],
};

/** What the refinement may change of the adapter: where it is called, and its memory counted. */
const preparation: readonly SymbolRef[] = ['annsmith_prepare', 'annsmith_memory'].map((symbol) => ({
  file: hnswlibAdapterFile,
  symbol,
}));

/** Headers with the distances of a space, which the search and the refinement may both change. */
const spaces = ['space_l2.h', 'space_ip.h'];

/** Role -> file beside hnswalg.h and symbol. */
const roles: Readonly<Partial<Record<RoleName, SymbolRef>>> = {
  distance: { file: 'space_l2.h', symbol: 'L2Sqr' },
  neighbourLoop: index('searchBaseLayerST'),
  visitedSet: { file: 'visited_list_pool.h', symbol: 'VisitedList' },
  candidatePool: index('searchBaseLayerST'),
  entryPoint: index('searchKnn'),
  neighbourSelection: index('getNeighborsByHeuristic2'),
  storage: index('data_level0_memory_'),
};

/** hnswlib's headers, or a fork of them that kept their names. */
export const hnswlibLayout: WorkspaceLayout = {
  looksFor: `hnswlib's ${header} with getNeighborsByHeuristic2 and searchBaseLayerST beside hnswlib.h`,

  recognise(files, syntax) {
    const found = [...files.keys()].find(
      (path) =>
        posix.basename(path) === header &&
        files.has(beside(path, 'hnswlib.h')) &&
        hasBothEnds(files, path, syntax),
    );
    if (found === undefined) return undefined;
    const reasons = [`${found} is hnswlib's index`];
    const locates = (ref: SymbolRef): boolean => {
      const text = files.get(ref.file);
      return text !== undefined && locateRegion(syntax, ref, text).kind === 'found';
    };
    const here = (ref: SymbolRef): SymbolRef => ({ ...ref, file: beside(found, ref.file) });
    const distances = spaces
      .flatMap((file) => distancesIn(beside(found, file), files, syntax))
      .filter(locates);
    const modules: Partial<Record<ModuleName, { regions: SymbolRef[] }>> = {};
    for (const name of moduleNames) {
      const sought = wanted[name].map(here);
      const present = sought.filter(locates);
      for (const { symbol } of sought.filter((ref) => !present.includes(ref))) {
        reasons.push(`${name}: ${symbol} is not in this version of hnswlib`);
      }
      if (present.length === 0) continue;
      const all = name === 'construction' ? present : [...present, ...distances];
      const regions = withIncludes(all, locates);
      modules[name] = { regions: name === 'refinement' ? [...regions, ...preparation] : regions };
      reasons.push(`${name}: ${present.map(({ symbol }) => symbol).join(', ')}`);
    }
    reasons.push(`search and refinement: the distances of ${spaces.join(' and ')}`);
    reasons.push(
      `refinement: hnswlib re-ranks nothing; the module is the descent to the entry point, the distances, and what ${hnswlibAdapterFile} prepares`,
    );
    const bindings = roleNames.flatMap((role): [RoleName, SymbolRef][] => {
      const ref = roles[role];
      const bound = ref && here(ref);
      return bound && locates(bound) ? [[role, bound]] : [];
    });
    reasons.push(`${hnswlibAdapterFile} implements the C ABI over hnswlib's public members`);
    return {
      manifest: {
        modules,
        roles: Object.fromEntries(bindings),
        build: { adapter: hnswlibAdapterFile, includeDirs: [posix.dirname(found)] },
      },
      added: new Map([[hnswlibAdapterFile, hnswlibAdapter]]),
      reasons,
    };
  },
};

/** The distance functions of floats and the space that chooses among them. */
function distancesIn(file: string, files: FileTexts, syntax: CppSyntaxTrees): SymbolRef[] {
  const tree = syntax.parse(files.get(file) ?? '');
  try {
    return syntax
      .definitions(tree)
      .filter(({ path, kind }) => path.length === 2 && kind !== 'member')
      .map(({ path }) => ({ file, symbol: path.at(-1) ?? '' }))
      .filter(({ symbol }) => !/^L2(Sqr|Space)I/.test(symbol));
  } finally {
    tree.delete();
  }
}

/** The regions, each file's `#include` lines before its first one. */
function withIncludes(regions: readonly SymbolRef[], locates: (ref: SymbolRef) => boolean): SymbolRef[] {
  return regions.flatMap((ref, i) => {
    const includes = { file: ref.file, symbol: includesSymbol };
    const first = regions.findIndex(({ file }) => file === ref.file) === i;
    return first && locates(includes) ? [includes, ref] : [ref];
  });
}

function beside(path: string, name: string): string {
  return posix.join(posix.dirname(path), name);
}

function hasBothEnds(files: FileTexts, path: string, syntax: CppSyntaxTrees): boolean {
  const tree = syntax.parse(files.get(path) ?? '');
  try {
    return ['getNeighborsByHeuristic2', 'searchBaseLayerST'].every(
      (symbol) => syntax.find(tree, symbol).length > 0,
    );
  } finally {
    tree.delete();
  }
}
