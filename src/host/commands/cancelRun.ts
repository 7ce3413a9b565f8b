import * as vscode from 'vscode';
import { commands, views } from '../ids.ts';
import { activeTitle } from '../runText.ts';
import { type CommandContext, register } from './commandContext.ts';

/** Cancels the run of this window; the status bar asks first, as a click there may mean "show me". */
export function registerCancelRun(context: CommandContext): vscode.Disposable {
  const { runs } = context;
  return register(context, commands.cancelRun, async (options?: { readonly ask?: boolean }) => {
    if (runs.active === undefined) return;
    if (options?.ask !== true) {
      runs.cancel();
      return;
    }
    const show = { label: `$(list-tree) ${vscode.l10n.t('Show Candidates')}` };
    const cancel = { label: `$(debug-stop) ${vscode.l10n.t('Cancel Run')}` };
    const title = vscode.l10n.t('Run on {0}', activeTitle(runs.active, vscode.l10n));
    const answer = await vscode.window.showQuickPick([show, cancel], { title });
    if (answer === cancel) runs.cancel();
    if (answer === show) await vscode.commands.executeCommand(`${views.candidates}.focus`);
  });
}
