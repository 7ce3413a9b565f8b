import type { LocateRegion } from '../engine/candidate/regionGate.ts';
import { openDatasets } from '../engine/dataset/datasets.ts';
import { createCppSyntax } from '../engine/module/cppSyntax.ts';
import { locateRegion } from '../engine/module/regions.ts';
import { loadWorkspace, type Workspace } from '../engine/module/workspace.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { type CommandContext, findWorkspace } from './context.ts';

type Syntax = Awaited<ReturnType<typeof createCppSyntax>>;

export interface Inputs {
  readonly syntax: Syntax;
  readonly locate: LocateRegion;
  readonly workspace: Workspace;
  readonly dataset: PreparedDataset;
}

/** The workspace and the dataset of a command: the one named, else the manifest's first. */
export async function loadInputs(
  options: { readonly workspace?: string; readonly dataset?: string },
  { services, signal }: CommandContext,
): Promise<Inputs> {
  const syntax = await createCppSyntax();
  const workspace = await loadWorkspace(findWorkspace(options.workspace), { syntax });
  const dataset = await openDatasets({ services }).get(options.dataset ?? workspace.manifest.datasets[0]!, {
    signal,
  });
  return { syntax, locate: (ref, text) => locateRegion(syntax, ref, text), workspace, dataset };
}
