import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { fileUri } from '../workspaceRoots.ts';
import { type CommandContext, register } from './commandContext.ts';
import { pickWorkspace } from './pickWorkspace.ts';

/** Writes the manifest of a folder that is recognised, after showing what would be written. */
export function registerInitWorkspace(context: CommandContext): vscode.Disposable {
  const { engine, store } = context;
  return register(
    context,
    commands.initWorkspace,
    async (target?: { readonly root?: string; readonly ask?: boolean }) => {
      const fits = ({ state }: { readonly state: string }): boolean =>
        state === 'recognised' || state === 'other';
      const workspace = await pickWorkspace(context, target?.root, fits);
      if (workspace === undefined) return;
      const { root, name } = workspace;
      const { written: planned } = await engine.request('annsmith/init', { root, preview: true });
      if (target?.ask !== false && !(await agrees(name, planned))) return;
      const { written } = await engine.request('annsmith/init', { root });
      const manifest = written[0];
      if (manifest !== undefined) await vscode.window.showTextDocument(fileUri(root, manifest));
      await store.refresh();
    },
  );
}

async function agrees(name: string, files: readonly string[]): Promise<boolean> {
  const create = vscode.l10n.t('Create');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Create the manifest of {0}?', name),
    { modal: true, detail: vscode.l10n.t('These files are written: {0}', files.join(', ')) },
    create,
  );
  return answer === create;
}
