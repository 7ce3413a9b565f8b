import * as vscode from 'vscode';
import type { WorkspaceOverview } from '../../protocol/engine.ts';
import type { Engine, Store } from '../feature.ts';

/** Folders that fit, once the server has said what there is. */
async function folders(
  { store, engine }: { readonly store: Store; readonly engine: Engine },
  fits: (workspace: WorkspaceOverview) => boolean,
): Promise<readonly WorkspaceOverview[]> {
  // Asked before the first answer, or where the server cannot be started, which then says why.
  if (store.workspaces.length === 0 || engine.state !== 'running') await store.refresh();
  return store.workspaces.filter(fits);
}

/**
 * The folder that a command is about: the one that is named, the active editor's, the only one, or the one that is
 * picked. Undefined: there is none, which is said, or nothing was picked.
 */
export async function pickWorkspace(
  context: { readonly store: Store; readonly engine: Engine },
  named: string | undefined,
  fits: (workspace: WorkspaceOverview) => boolean = ({ state }) => state === 'ready',
): Promise<WorkspaceOverview | undefined> {
  const all = await folders(context, fits);
  if (named !== undefined) return all.find(({ root }) => root === named) ?? sayNone();
  if (all.length === 0) return sayNone();
  if (all.length === 1) return all[0];
  const editor = vscode.window.activeTextEditor;
  const active = editor === undefined ? undefined : context.store.workspaceOf(editor.document.uri);
  if (active !== undefined && all.includes(active)) return active;
  const items = all.map((workspace) => ({ label: workspace.name, description: workspace.root, workspace }));
  const placeHolder = vscode.l10n.t('Which folder?');
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.workspace;
}

function sayNone(): undefined {
  void vscode.window.showInformationMessage(
    vscode.l10n.t('No open folder is fit for this. The Modules view says what is missing.'),
  );
}
