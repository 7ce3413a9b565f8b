import type { PreparedDataset } from '../protocol/dataset.ts';
import { datasetNames } from '../protocol/manifest.ts';
import type { LocateRegion } from './candidate/regionGate.ts';
import { openDatasets } from './dataset/datasets.ts';
import { UserError } from './errors.ts';
import type { CppSyntaxTrees } from './module/cppSyntax.ts';
import { locateRegion } from './module/regions.ts';
import { loadWorkspace, type Workspace } from './module/workspace.ts';
import type { Services } from './ports.ts';

/** What inputs are prepared with. */
export interface InputContext {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly syntax: CppSyntaxTrees;
}

/** A workspace as saved, with how its regions are found. */
interface SavedWorkspace {
  readonly workspace: Workspace;
  readonly locate: LocateRegion;
}

async function savedWorkspace(root: string, syntax: CppSyntaxTrees): Promise<SavedWorkspace> {
  const workspace = await loadWorkspace(root, { syntax });
  return { workspace, locate: (ref, text) => locateRegion(syntax, ref, text) };
}

/** The workspace and one dataset: the one named, else the manifest's first. */
export async function benchInputs(
  { root, dataset }: { readonly root: string; readonly dataset: string | undefined },
  { services, signal, syntax }: InputContext,
): Promise<SavedWorkspace & { readonly dataset: PreparedDataset }> {
  const saved = await savedWorkspace(root, syntax);
  const { manifest } = saved.workspace;
  const name = dataset ?? datasetNames(manifest)[0]!;
  const prepared = await openDatasets({ services }).get(name, { k: manifest.search.k, signal });
  return { ...saved, dataset: prepared };
}

/** What a run works on: the workspace, its datasets (default: the manifest's first) and those held out. */
export async function runInputs(
  request: {
    readonly root: string;
    readonly datasets: readonly string[];
    readonly heldOut: readonly string[];
  },
  { services, signal, syntax }: InputContext,
): Promise<
  SavedWorkspace & {
    readonly datasets: readonly [PreparedDataset, ...PreparedDataset[]];
    readonly heldOut: readonly PreparedDataset[];
  }
> {
  const both = request.datasets.find((name) => request.heldOut.includes(name));
  if (both !== undefined) {
    throw new UserError(
      'held-out-dataset',
      `${both} is both optimized on and held out`,
      'Name it with --dataset or with --hold-out, not with both.',
    );
  }
  const saved = await savedWorkspace(request.root, syntax);
  const { manifest } = saved.workspace;
  const all = openDatasets({ services });
  const prepare = (name: string): Promise<PreparedDataset> => all.get(name, { k: manifest.search.k, signal });
  const [first, ...others] = new Set(request.datasets);
  const datasets: [PreparedDataset, ...PreparedDataset[]] = [
    await prepare(first ?? datasetNames(manifest)[0]!),
  ];
  for (const name of others) datasets.push(await prepare(name));
  const heldOut: PreparedDataset[] = [];
  for (const name of new Set(request.heldOut)) heldOut.push(await prepare(name));
  return { ...saved, datasets, heldOut };
}
