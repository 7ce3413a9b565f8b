import { l10n, Uri, window } from 'vscode';
import type { WorkspaceOverview } from '../../protocol/engine.ts';
import type { CommandTarget, Store } from '../feature.ts';
import { runSettings, useDataset } from '../settings.ts';

/** What runs of each folder with a manifest are measured on unless told otherwise. */
export function datasetsInUse(workspaces: readonly WorkspaceOverview[]): string[] {
  return readyFolders(workspaces).flatMap(({ root, datasets }) => {
    const chosen = runSettings(Uri.file(root)).dataset;
    return chosen === '' ? datasets.slice(0, 1) : [chosen];
  });
}

/** Has runs of a folder measured on the dataset from now on, by the folder's setting. */
export async function selectDataset(store: Store, { dataset }: CommandTarget): Promise<void> {
  if (dataset === undefined) return;
  const folders = readyFolders(store.workspaces);
  if (folders.length === 0) {
    void window.showInformationMessage(l10n.t('No open folder has a manifest yet (annsmith.json).'));
    return;
  }
  const folder = folders.length === 1 ? folders[0] : await pickFolder(folders);
  if (folder !== undefined) await useDataset(Uri.file(folder.root), dataset);
}

function readyFolders(workspaces: readonly WorkspaceOverview[]): readonly WorkspaceOverview[] {
  return workspaces.filter(({ state }) => state === 'ready');
}

async function pickFolder(folders: readonly WorkspaceOverview[]): Promise<WorkspaceOverview | undefined> {
  const items = folders.map((folder) => ({ label: folder.name, description: folder.root, folder }));
  const placeHolder = l10n.t('Folder whose runs are measured on it');
  return (await window.showQuickPick(items, { placeHolder }))?.folder;
}
