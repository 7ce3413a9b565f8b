import * as vscode from 'vscode';
import type { WorkspaceOverview } from '../protocol/engine.ts';
import type { FeatureContext } from './feature.ts';
import { contextKeys } from './ids.ts';
import { pathInside } from './pathInside.ts';
import { modulesInFile } from './regionAtLine.ts';

const fromBest: readonly WorkspaceOverview['state'][] = ['ready', 'broken', 'recognised', 'other'];

/** Keeps the keys that menus, views and key bindings depend on up to date. */
export function setContextKeys({
  engine,
  store,
  runs,
}: Pick<FeatureContext, 'engine' | 'store' | 'runs'>): vscode.Disposable {
  const last = new Map<string, unknown>();
  const set = (key: string, value: unknown): void => {
    if (last.has(key) && last.get(key) === value) return;
    last.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const server = (): void => set(contextKeys.server, engine.state);
  const running = (): void => set(contextKeys.running, runs.active !== undefined);
  const editor = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const workspace = uri === undefined ? undefined : store.workspaceOf(uri);
    const file = workspace === undefined ? undefined : pathInside(workspace.root, uri!.fsPath);
    const has = workspace !== undefined && file !== undefined && modulesInFile(workspace, file).length > 0;
    set(contextKeys.fileHasModule, has);
  };
  const workspaces = (): void => {
    const states = store.workspaces.map(({ state }) => state);
    set(
      contextKeys.workspace,
      fromBest.find((state) => states.includes(state)),
    );
    editor();
  };
  server();
  running();
  workspaces();
  return vscode.Disposable.from(
    engine.onState(server),
    runs.onChange(running),
    store.onChange((topic) => {
      if (topic === 'workspaces') workspaces();
    }),
    vscode.window.onDidChangeActiveTextEditor(editor),
  );
}
