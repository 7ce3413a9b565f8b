import * as vscode from 'vscode';
import type { CommandTarget } from '../feature.ts';
import type { PolicyContext } from './policyContext.ts';
import { reasoningText } from './reasoningText.ts';

/** Shows what a model wrote before the code of a candidate, beside what is on the screen. */
export async function showReasoning(
  { engine, documents }: PolicyContext,
  { root, run, candidate }: CommandTarget,
): Promise<void> {
  if (root === undefined || run === undefined || candidate === undefined) return;
  const change = await engine.request('annsmith/change', { root, run, candidate });
  const text = reasoningText(change, vscode.l10n);
  if (text === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'Nothing was written with candidate {0}: it is of the playbook, or the model gave code alone.',
        candidate,
      ),
    );
    return;
  }
  const name = vscode.l10n.t('Reasoning of {0}', candidate);
  await documents.show(name, JSON.stringify([root, run]), text, {
    preview: true,
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
  });
}
