import * as vscode from 'vscode';
import type { CommandTarget } from '../feature.ts';
import { commands } from '../ids.ts';
import { modulesTitle } from '../runText.ts';
import { type CommandContext, register } from './commandContext.ts';

/** Goes on with a run that was cancelled, failed or was cut off. */
export function registerResumeRun(context: CommandContext): vscode.Disposable {
  return register(context, commands.resumeRun, async (target?: CommandTarget) => {
    const run =
      target?.root !== undefined && target.run !== undefined
        ? { root: target.root, id: target.run }
        : await pickRun(context);
    if (run !== undefined) await context.runs.resume(run.root, run.id);
  });
}

async function pickRun({
  store,
}: CommandContext): Promise<{ readonly root: string; readonly id: string } | undefined> {
  const items = store.workspaces.flatMap(({ root, name }) =>
    store
      .runsOf(root)
      .filter(({ status }) => status !== 'done' && status !== 'active')
      .map(({ id, at, modules, datasets, status }) => ({
        label: `${modulesTitle(modules, vscode.l10n)} · ${datasets.join(', ')}`,
        description: `${status} · ${name}`,
        detail: new Date(at).toLocaleString(vscode.env.language),
        root,
        id,
      })),
  );
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no run to go on with.'));
    return undefined;
  }
  return vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Run to go on with') });
}
