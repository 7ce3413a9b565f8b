import * as vscode from 'vscode';
import type { WorkspaceOverview } from '../../protocol/engine.ts';
import type { FeatureContext } from '../feature.ts';
import { chosenFolder } from './toolText.ts';

/** The folder that an agent means, as the server sees it now. @throws Error that an agent can act on. */
export async function agentFolder(
  { engine, store }: Pick<FeatureContext, 'engine' | 'store'>,
  named: string | undefined,
): Promise<WorkspaceOverview> {
  // Before the first answer, or where the server cannot be started, which then says why.
  if (store.workspaces.length === 0 || engine.state !== 'running') await store.refresh();
  const editor = vscode.window.activeTextEditor;
  const active = editor === undefined ? undefined : store.workspaceOf(editor.document.uri);
  const ready = store.workspaces.filter(({ state }) => state === 'ready');
  const { root } = chosenFolder(ready, named, active);
  return engine.request('annsmith/overview', { root });
}
