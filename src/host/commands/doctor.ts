import * as vscode from 'vscode';
import type { Diagnosis } from '../../protocol/engine.ts';
import { fixText } from '../engine/fixText.ts';
import { commands } from '../ids.ts';
import { type CommandContext, register } from './commandContext.ts';

const icons = { good: '$(pass)', poor: '$(warning)', bad: '$(error)' } as const;

/** Looks at what a measurement needs on this machine: a list of findings, each with its fix; the log has them too. */
export function registerDoctor(context: CommandContext): vscode.Disposable {
  const { engine, log } = context;
  return register(context, commands.doctor, async () => {
    const found = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Checking this machine') },
      (_, token) => engine.request('annsmith/doctor', {}, token),
    );
    const findings = found.map(inEditorsWords);
    for (const { name, state, finding, fix } of findings) {
      log.info(`${name}: ${state}: ${finding}${fix === undefined ? '' : ` (${fix})`}`);
    }
    const answer = await vscode.window.showQuickPick(findings.map(itemOf), {
      title: title(findings),
      placeHolder: vscode.l10n.t('Enter shows the log'),
    });
    if (answer !== undefined) log.show(true);
  });
}

function inEditorsWords({ fix, ...finding }: Diagnosis): Diagnosis {
  return fix === undefined ? finding : { ...finding, fix: fixText(fix, vscode.l10n) };
}

function title(findings: readonly Diagnosis[]): string {
  if (findings.some(({ state }) => state === 'bad'))
    return vscode.l10n.t('Something is missing on this machine');
  return findings.some(({ state }) => state === 'poor')
    ? vscode.l10n.t('This machine can measure, with reservations')
    : vscode.l10n.t('This machine is fit to measure');
}

function itemOf({ name, state, finding, fix }: Diagnosis): vscode.QuickPickItem {
  const item = { label: `${icons[state]} ${name}`, description: finding };
  return fix === undefined ? item : { ...item, detail: fix };
}
