import * as vscode from 'vscode';
import type { CommandTarget, Store } from '../feature.ts';

/** The folder that a command is about: as it was told, else that of the active editor, the only one, or a chosen one. */
export async function chooseRoot(store: Store, target: CommandTarget): Promise<string | undefined> {
  if (target.root !== undefined) return target.root;
  const uri = vscode.window.activeTextEditor?.document.uri;
  const active = uri === undefined ? undefined : store.workspaceOf(uri);
  if (active !== undefined) return active.root;
  const ready = store.workspaces.filter(({ state }) => state === 'ready' || state === 'broken');
  if (ready.length > 1) {
    const picked = await vscode.window.showQuickPick(
      ready.map(({ name, root }) => ({ label: name, description: root, root })),
      { placeHolder: vscode.l10n.t('Curves of which folder?') },
    );
    return picked?.root;
  }
  const folder = vscode.workspace.workspaceFolders?.find(({ uri: { scheme } }) => scheme === 'file');
  return ready[0]?.root ?? folder?.uri.fsPath;
}
