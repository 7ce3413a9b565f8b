import type { LocateRegion } from '../engine/candidate/regionGate.ts';
import { openDatasets } from '../engine/dataset/datasets.ts';
import { UserError } from '../engine/errors.ts';
import { createCppSyntax } from '../engine/module/cppSyntax.ts';
import { locateRegion } from '../engine/module/regions.ts';
import { loadWorkspace, type Workspace } from '../engine/module/workspace.ts';
import type { PreparedDataset } from '../protocol/dataset.ts';
import { datasetNames } from '../protocol/manifest.ts';
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
  const dataset = await openDatasets({ services }).get(
    options.dataset ?? datasetNames(workspace.manifest)[0]!,
    { k: workspace.manifest.search.k, signal },
  );
  return { syntax, locate: (ref, text) => locateRegion(syntax, ref, text), workspace, dataset };
}

/** What a run works on: the workspace, its datasets (default: the manifest's first) and those held out. */
export async function loadRunInputs(
  options: {
    readonly workspace: string | undefined;
    readonly datasets: readonly string[];
    readonly heldOut: readonly string[];
  },
  { services, signal }: CommandContext,
): Promise<{
  readonly syntax: Syntax;
  readonly run: {
    readonly workspace: Workspace;
    readonly locate: LocateRegion;
    readonly datasets: readonly [PreparedDataset, ...PreparedDataset[]];
    readonly heldOut: readonly PreparedDataset[];
  };
}> {
  const both = options.datasets.find((name) => options.heldOut.includes(name));
  if (both !== undefined) {
    throw new UserError(
      'held-out-dataset',
      `${both} is both optimized on and held out`,
      'Name it with --dataset or with --hold-out, not with both.',
    );
  }
  const syntax = await createCppSyntax();
  const workspace = await loadWorkspace(findWorkspace(options.workspace), { syntax });
  const all = openDatasets({ services });
  const prepare = (name: string): Promise<PreparedDataset> =>
    all.get(name, { k: workspace.manifest.search.k, signal });
  const [first, ...others] = new Set(options.datasets);
  const datasets: [PreparedDataset, ...PreparedDataset[]] = [
    await prepare(first ?? datasetNames(workspace.manifest)[0]!),
  ];
  for (const name of others) datasets.push(await prepare(name));
  const heldOut: PreparedDataset[] = [];
  for (const name of new Set(options.heldOut)) heldOut.push(await prepare(name));
  return {
    syntax,
    run: { workspace, locate: (ref, text) => locateRegion(syntax, ref, text), datasets, heldOut },
  };
}
