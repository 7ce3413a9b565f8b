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

/** Symbols of hnswalg.h by module. hnswlib has no refinement stage. */
const wanted: Readonly<Record<ModuleName, readonly string[]>> = {
  construction: [
    'HierarchicalNSW::searchBaseLayer',
    'HierarchicalNSW::getNeighborsByHeuristic2',
    'HierarchicalNSW::mutuallyConnectNewElement',
    'HierarchicalNSW::addPoint(const void*, labeltype, int)',
  ],
  search: ['HierarchicalNSW::searchBaseLayerST', 'HierarchicalNSW::searchKnn'],
  refinement: [],
};

/** Role -> file beside hnswalg.h and symbol. */
const roles: Readonly<Partial<Record<RoleName, SymbolRef>>> = {
  distance: { file: 'space_l2.h', symbol: 'L2Sqr' },
  neighbourLoop: { file: header, symbol: 'HierarchicalNSW::searchBaseLayerST' },
  visitedSet: { file: 'visited_list_pool.h', symbol: 'VisitedList' },
  entryPoint: { file: header, symbol: 'HierarchicalNSW::searchKnn' },
  neighbourSelection: { file: header, symbol: 'HierarchicalNSW::getNeighborsByHeuristic2' },
  storage: { file: header, symbol: 'HierarchicalNSW::getDataByInternalId' },
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
    const modules: Partial<Record<ModuleName, { regions: SymbolRef[] }>> = {};
    for (const name of moduleNames) {
      const regions = wanted[name].map((symbol) => ({ file: found, symbol }));
      const present = regions.filter(locates);
      for (const { symbol } of regions.filter((ref) => !present.includes(ref))) {
        reasons.push(`${name}: ${symbol} is not in this version of hnswlib`);
      }
      if (present.length === 0) continue;
      modules[name] = { regions: [{ file: found, symbol: includesSymbol }, ...present] };
      reasons.push(`${name}: ${present.map(({ symbol }) => symbol).join(', ')}`);
    }
    reasons.push('refinement: hnswlib has no such stage');
    const bound = roleNames.flatMap((role): [RoleName, SymbolRef][] => {
      const ref = roles[role];
      const here = ref && { ...ref, file: beside(found, ref.file) };
      return here && locates(here) ? [[role, here]] : [];
    });
    reasons.push(`${hnswlibAdapterFile} implements the C ABI over hnswlib's public members`);
    return {
      manifest: {
        modules,
        roles: Object.fromEntries(bound),
        build: { adapter: hnswlibAdapterFile, includeDirs: [posix.dirname(found)] },
      },
      added: new Map([[hnswlibAdapterFile, hnswlibAdapter]]),
      reasons,
    };
  },
};

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
