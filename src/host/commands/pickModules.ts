import * as vscode from 'vscode';
import type { WorkspaceOverview } from '../../protocol/engine.ts';
import type { ModuleName } from '../../protocol/module.ts';

/** One of the modules, or all of them; those of the workspace unless others are given. */
export async function pickModules(
  workspace: WorkspaceOverview,
  among: readonly ModuleName[] = workspace.modules.map(({ module }) => module),
): Promise<readonly ModuleName[] | undefined> {
  if (among.length <= 1) return among.length === 0 ? undefined : among;
  const items = among.map((name) => {
    const found = workspace.modules.find(({ module }) => module === name);
    const qps = found?.measured?.qps ?? null;
    return {
      label: name,
      description: qps === null ? '' : vscode.l10n.t('{0} QPS', Math.round(qps).toLocaleString('en-US')),
      modules: [name] as readonly ModuleName[],
    };
  });
  const isAll = among.length === workspace.modules.length;
  const all = {
    label: vscode.l10n.t('all modules'),
    description: vscode.l10n.t('one after the other'),
    modules: among,
  };
  const placeHolder = vscode.l10n.t('Module to optimize');
  return (await vscode.window.showQuickPick(isAll ? [...items, all] : items, { placeHolder }))?.modules;
}
