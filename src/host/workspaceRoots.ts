import { join } from 'node:path';
import * as vscode from 'vscode';

const manifestName = 'annsmith.json';
/** Where a folder holds this many folders, it is no collection of workspaces. */
const mostFolders = 200;

/**
 * The folders that may be workspaces: each folder of the window that is on disk, or in its place those of its direct
 * sub-folders that have a manifest, where it has none itself. Only looks; starts nothing.
 */
export async function workspaceRoots(): Promise<string[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const roots = await Promise.all(folders.map(({ uri }) => rootsIn(uri)));
  return [...new Set(roots.flat())];
}

async function rootsIn(folder: vscode.Uri): Promise<string[]> {
  if (await hasManifest(folder)) return [folder.fsPath];
  const entries = await Promise.resolve(vscode.workspace.fs.readDirectory(folder)).catch(() => []);
  const below = entries
    .filter(([name, type]) => (type & vscode.FileType.Directory) !== 0 && !name.startsWith('.'))
    .map(([name]) => vscode.Uri.joinPath(folder, name))
    .slice(0, mostFolders);
  const held = await Promise.all(below.map(async (uri) => ((await hasManifest(uri)) ? [uri.fsPath] : [])));
  const found = held.flat().sort();
  return found.length > 0 ? found : [folder.fsPath];
}

async function hasManifest(folder: vscode.Uri): Promise<boolean> {
  const uri = vscode.Uri.joinPath(folder, manifestName);
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    ({ type }) => (type & vscode.FileType.File) !== 0,
    () => false,
  );
}

/** Fires when a manifest that would make a folder a workspace comes or goes. */
export function watchManifests(changed: () => void): vscode.Disposable {
  const watchers: vscode.Disposable[] = [];
  const watch = (): void => {
    for (const watcher of watchers.splice(0)) watcher.dispose();
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      if (folder.uri.scheme !== 'file') continue;
      const pattern = new vscode.RelativePattern(folder, `{${manifestName},*/${manifestName}}`);
      const watcher = vscode.workspace.createFileSystemWatcher(pattern, false, true, false);
      watchers.push(watcher, watcher.onDidCreate(changed), watcher.onDidDelete(changed));
    }
  };
  watch();
  const folders = vscode.workspace.onDidChangeWorkspaceFolders(() => {
    watch();
    changed();
  });
  return new vscode.Disposable(() => {
    folders.dispose();
    for (const watcher of watchers) watcher.dispose();
  });
}

/** The uri of a file that the engine names relative to a root. */
export function fileUri(root: string, file: string): vscode.Uri {
  return vscode.Uri.file(join(root, file));
}
