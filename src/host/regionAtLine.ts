import type { WorkspaceOverview } from '../protocol/engine.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';

type Modules = Pick<WorkspaceOverview, 'modules'>;

/** The modules that have a region in the file, in the order construction, search, refinement. */
export function modulesInFile({ modules }: Modules, file: string): ModuleName[] {
  return moduleNames.filter((name) =>
    modules.some(({ module, regions }) => module === name && regions.some((region) => region.file === file)),
  );
}

/**
 * The modules whose code the lines (1-based, inclusive) touch. A region may belong to several modules; of those that
 * overlap, the smallest region decides, as a member is more to the point than its class.
 */
export function modulesAtLines(
  { modules }: Modules,
  file: string,
  first: number,
  last: number,
): ModuleName[] {
  const touched = modules.flatMap(({ module, regions }) =>
    regions
      .filter((region) => region.file === file && region.startLine <= last && region.endLine >= first)
      .map((region) => ({ module, lines: region.endLine - region.startLine })),
  );
  const least = Math.min(...touched.map(({ lines }) => lines));
  // A selection over several regions is about all of them.
  const meant = first === last ? touched.filter(({ lines }) => lines === least) : touched;
  return moduleNames.filter((name) => meant.some(({ module }) => module === name));
}
