import type { Workspace } from '../../engine/module/workspace.ts';
import type { RunStory } from '../../engine/reporting/runStory.ts';
import type { ModuleOverview, WorkspaceOverview } from '../../protocol/engine.ts';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import { datasetNames } from '../../protocol/manifest.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import type { Root } from '../roots.ts';
import { folderName } from '../workspaceIndex.ts';
import { changeOf } from './change.ts';
import { newestMeasured } from './measured.ts';
import { storiesOf } from './stories.ts';

/** A folder as the extension sees it. */
export async function overviewOf(root: Root): Promise<WorkspaceOverview> {
  const state = await root.index.state();
  if (state.kind === 'ready') {
    const { workspace } = state;
    return {
      root: root.path,
      state: 'ready',
      name: workspace.manifest.name,
      problems: [],
      modules: await moduleOverviews(root.path, workspace, await root.ledger.records()),
      datasets: datasetNames(workspace.manifest),
    };
  }
  const manifest = await root.index.manifest();
  return {
    root: root.path,
    state: state.kind,
    name: manifest?.name ?? folderName(root.path),
    problems: state.kind === 'broken' ? state.problems : [],
    modules: [],
    datasets: manifest === undefined ? [] : datasetNames(manifest),
  };
}

/** Modules that have regions, with what the ledger says of each. */
export async function moduleOverviews(
  root: string,
  workspace: Workspace,
  records: readonly LedgerRecord[],
): Promise<ModuleOverview[]> {
  const measuredOf = newestMeasured(records);
  const stories = storiesOf(records);
  const named = moduleNames.filter((module) => workspace.regions[module].length > 0);
  return Promise.all(
    named.map(async (module) => ({
      module,
      regions: workspace.regions[module],
      measured: measuredOf(workspace, module),
      best: await bestOf(root, workspace, records, stories, module),
    })),
  );
}

/** The newest judged run's best of a module, unless the code has it already. */
async function bestOf(
  root: string,
  workspace: Workspace,
  records: readonly LedgerRecord[],
  stories: readonly RunStory[],
  module: ModuleName,
): Promise<ModuleOverview['best']> {
  for (const { run, modules } of stories) {
    const own = modules.find((other) => other.module === module);
    const judged = own?.candidates.filter(({ judgement }) => judgement !== undefined) ?? [];
    if (own === undefined || judged.length === 0) continue;
    const best = bestCandidate(own);
    if (best === null) return null;
    const found = { run: run.runId, ...best };
    return (await isInCode(root, workspace, records, found)) ? null : found;
  }
  return null;
}

/** A confirmed winner goes by its module's name: that is its minimised form. */
function bestCandidate({
  module,
  end,
  winner,
  candidates,
}: RunStory['modules'][number]): Omit<NonNullable<ModuleOverview['best']>, 'run'> | null {
  const gain = winner?.confirmation?.gain;
  if (gain !== undefined && end?.patch != null) return { candidate: module, gain };
  for (const { id, judgement, confirmation } of candidates) {
    if (judgement?.verdict.kind !== 'accepted' || confirmation?.confirmed === false) continue;
    if (judgement.gain !== null && judgement.gain.value > 0) return { candidate: id, gain: judgement.gain };
  }
  return null;
}

async function isInCode(
  root: string,
  { files }: Workspace,
  records: readonly LedgerRecord[],
  best: { readonly run: string; readonly candidate: string },
): Promise<boolean> {
  const change = await changeOf(root, records, best).catch(() => undefined);
  return change?.files.every(({ file, text }) => files.get(file) === text) ?? false;
}
