import type { GrpoReport } from '../protocol/grpo.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import { type GrpoRequest, grpoRounds } from './grpoRounds.ts';
import { sampleByRuns } from './grpoSampling.ts';
import { loadWorkspace, type Workspace } from './module/workspace.ts';
import { requireRegions } from './requireRegions.ts';
import type { InputContext } from './runInputs.ts';

/** Rounds over a folder with a manifest; the rest of a request follows from it. */
export type WorkspaceRounds = Omit<
  GrpoRequest,
  'workspace' | 'services' | 'signal' | 'sample' | 'defaultModules'
>;

/** Rounds of GRPO over a workspace's own runs: what the command line and the editor start. @throws UserError */
export async function grpoInWorkspace(request: WorkspaceRounds, context: InputContext): Promise<GrpoReport> {
  const { root, store, modules = [] } = request;
  const { services, signal, syntax } = context;
  const workspace = await loadWorkspace(root, { syntax });
  for (const name of modules) requireRegions(workspace, name);
  return grpoRounds({
    ...request,
    workspace: workspace.manifest.name,
    services,
    signal,
    sample: sampleByRuns(root, store, context),
    defaultModules: defaultModules(workspace),
  });
}

/** Modules that are sampled where none are named: those that have regions, without construction where there is another. @throws UserError where none has. */
export function defaultModules(workspace: Workspace): readonly [ModuleName, ...ModuleName[]] {
  const [first, ...rest] = moduleNames.filter((name) => workspace.regions[name].length > 0);
  if (first === undefined) {
    requireRegions(workspace, 'search');
    throw new Error('no module has regions');
  }
  const [second, ...others] = rest;
  return first === 'construction' && second !== undefined ? [second, ...others] : [first, ...rest];
}
