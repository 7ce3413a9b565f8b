import type { CodeLens, Command } from 'vscode-languageserver/node';
import type { ModuleOverview } from '../../protocol/engine.ts';
import type { DocumentRegion } from './documentRegions.ts';
import { lensTitle } from './wording.ts';

/** What is known of a module, as far as it has been read. */
export type FactsOf = (region: DocumentRegion) => ModuleOverview | undefined;

/** The lenses above each region, a group per module that it belongs to. */
export function codeLenses(regions: readonly DocumentRegion[], factsOf: FactsOf): CodeLens[] {
  return regions.flatMap((region) => {
    const { definition } = region;
    const range = { start: definition, end: definition };
    return lensCommands(region, factsOf(region)).map((command) => ({ range, command }));
  });
}

function lensCommands(region: DocumentRegion, facts: ModuleOverview | undefined): Command[] {
  const { module } = region;
  const root = region.root.path;
  const { measured = null, best = null } = facts ?? {};
  return [
    {
      title: lensTitle(module, facts),
      command: 'annsmith.optimizeModule',
      arguments: [targetOf(region)],
    },
    ...(measured === null
      ? []
      : [{ title: 'Show curves', command: 'annsmith.showCurves', arguments: [{ root, module }] }]),
    ...(best === null
      ? []
      : [
          {
            title: 'Review best',
            command: 'annsmith.reviewCandidate',
            arguments: [{ root, run: best.run, candidate: best.candidate, module }],
          },
        ]),
  ];
}

/** What a command is about: the module, and the place where it was called. */
export function targetOf({
  root,
  module,
  region,
  definition,
}: DocumentRegion): Readonly<Record<string, unknown>> {
  return { root: root.path, module, file: region.file, line: definition.line + 1 };
}
