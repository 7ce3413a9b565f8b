import { Disposable, l10n, Uri, window } from 'vscode';
import type { FeatureContext } from '../feature.ts';
import { views } from '../ids.ts';
import { offeredModels, onOfferChange } from '../policy/chatModels.ts';
import type { EditorModels } from '../policy/editorModels.ts';
import { onSettingChange, runSettings } from '../settings.ts';
import { policyTree } from './model/policy.ts';
import type { ModelFacts } from './model/policyModel.ts';
import { NodeTree } from './nodeTree.ts';

/** The Policy view. What models the editor offers is asked only while it is seen and names one of them. */
export function policyView(
  { store }: FeatureContext,
  models: EditorModels,
): Disposable & { readonly tree: NodeTree } {
  const tree = new NodeTree();
  let offered: ReadonlySet<string> | undefined;
  const policyInUse = (): string => runSettings(Uri.file(store.workspaces[0]?.root ?? '/')).policy;
  const show = (): void => {
    const { workspaces } = store;
    const { endpoint } = models;
    const facts: ModelFacts = {
      endpoint,
      hasKey: endpoint !== undefined && models.keys.has(endpoint.origin),
      isOffered: (vendor, family) => offered?.has(`${vendor}/${family}`),
      lastTest: (policy, at) => models.lastTest(policy, at),
      mayGetCode: (at) => models.consents.some((consent) => consent.endpoint === at),
    };
    const runs = workspaces.flatMap(({ root }) => store.runsOf(root));
    tree.show(policyTree({ policy: policyInUse(), runs, models: facts, policies: store.policies }, l10n));
  };
  const view = window.createTreeView(views.policy, { treeDataProvider: tree });
  const look = async (): Promise<void> => {
    if (!view.visible || !policyInUse().includes('vscode:')) return;
    const found = await offeredModels();
    offered = new Set(found.map(({ vendor, family }) => `${vendor}/${family}`));
    show();
  };
  const lookAgain = (): void => void look();
  show();
  const parts = Disposable.from(
    tree,
    view,
    view.onDidChangeVisibility(lookAgain),
    onOfferChange(lookAgain),
    models.onChange(show),
    store.onChange((what) => what !== 'datasets' && show()),
    onSettingChange(['policy', 'modelBaseUrl'], () => {
      show();
      lookAgain();
    }),
  );
  return Object.assign(parts, { tree });
}
