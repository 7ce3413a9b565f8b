import { Disposable, commands as editorCommands, l10n, window } from 'vscode';
import type { CommandTarget, FeatureContext } from '../feature.ts';
import { commands, views } from '../ids.ts';
import type { EditorModels } from '../policy/editorModels.ts';
import { reportError } from '../reportError.ts';
import { onSettingChange } from '../settings.ts';
import { CandidatesView } from './candidatesView.ts';
import { getDataset, importDataset } from './datasetCommands.ts';
import { datasetsInUse, selectDataset } from './datasetSetting.ts';
import { DatasetWork } from './datasetWork.ts';
import { datasetsTree } from './model/datasets.ts';
import { modulesTree } from './model/modules.ts';
import { NodeTree } from './nodeTree.ts';
import { policyView } from './policyView.ts';
import { copyProgram, goToRegion } from './rowCommands.ts';

/** The views, with their rows for who wants to look into them. */
export interface Views extends Disposable {
  readonly trees: Readonly<Record<'modules' | 'candidates' | 'datasets' | 'policy', NodeTree>>;
}

/** Modules, Candidates, Datasets and Policy in the activity bar, and the commands of their rows. */
export function registerViews(context: FeatureContext, models: EditorModels): Views {
  const work = new DatasetWork(context.engine);
  const candidates = new CandidatesView(context);
  const modules = modulesView(context);
  const datasets = datasetsView(context, work);
  const policy = policyView(context, models);
  const parts = [work, candidates, modules, datasets, policy, rowCommands(context, work)];
  return Object.assign(Disposable.from(...parts), {
    trees: {
      modules: modules.tree,
      candidates: candidates.tree,
      datasets: datasets.tree,
      policy: policy.tree,
    },
  });
}

interface View extends Disposable {
  readonly tree: NodeTree;
}

function modulesView({ store }: FeatureContext): View {
  const tree = new NodeTree();
  const show = (): void => tree.show(modulesTree(store.workspaces, l10n));
  show();
  const parts = Disposable.from(
    tree,
    window.createTreeView(views.modules, { treeDataProvider: tree, showCollapseAll: true }),
    store.onChange((what) => what === 'workspaces' && show()),
  );
  return Object.assign(parts, { tree });
}

function datasetsView({ store }: FeatureContext, work: DatasetWork): View {
  const tree = new NodeTree();
  const show = (): void => {
    const { workspaces, datasets } = store;
    const inUse = datasetsInUse(workspaces);
    tree.show(datasetsTree({ workspaces, datasets, inUse, busy: work.busy }, l10n));
  };
  show();
  const parts = Disposable.from(
    tree,
    window.createTreeView(views.datasets, { treeDataProvider: tree }),
    store.onChange((what) => what !== 'runs' && show()),
    work.onChange(show),
    onSettingChange('dataset', show),
  );
  return Object.assign(parts, { tree });
}

function rowCommands(context: FeatureContext, work: DatasetWork): Disposable {
  const { store, log } = context;
  const handlers: readonly (readonly [string, (target: CommandTarget) => Promise<void> | void])[] = [
    [commands.getDataset, (target) => getDataset(context, work, target)],
    [commands.cancelDataset, ({ dataset }) => work.cancel(dataset ?? '')],
    [commands.importDataset, () => importDataset(context, work)],
    [commands.selectDataset, (target) => selectDataset(store, target)],
    [commands.goToRegion, goToRegion],
    [commands.copyProgram, (target) => copyProgram(store, target)],
  ];
  return Disposable.from(
    ...handlers.map(([id, handle]) =>
      editorCommands.registerCommand(id, async (target: CommandTarget | undefined) => {
        try {
          await handle(target ?? {});
        } catch (error) {
          // The command is over; the message may stand for long.
          void reportError(log, error);
        }
      }),
    ),
  );
}
