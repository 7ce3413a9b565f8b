import * as vscode from 'vscode';
import { endpointOrTell, type PolicyContext } from './policyContext.ts';

const shownMs = 5000;

/** Asks for the key of the endpoint in use and stores it; false where it was not given. */
export async function setKey(context: PolicyContext): Promise<boolean> {
  const endpoint = await endpointOrTell(context);
  if (endpoint === undefined) return false;
  const { origin } = endpoint;
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key for {0}', origin),
    prompt: vscode.l10n.t(
      "It is kept in the editor's secret storage and is sent to this endpoint alone. Another endpoint: annsmith.model.baseUrl.",
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => keyProblem(text),
  });
  if (typed === undefined) return false;
  await context.models.keys.set(origin, typed.trim());
  vscode.window.setStatusBarMessage(`$(key) ${vscode.l10n.t('The key for {0} is stored', origin)}`, shownMs);
  return true;
}

/** Says what no header could carry, without repeating it. */
function keyProblem(text: string): string | undefined {
  if (text.trim() === '') return vscode.l10n.t('Type or paste the key.');
  return /^[\x21-\x7e]+$/.test(text.trim())
    ? undefined
    : vscode.l10n.t('A key has no spaces, line breaks or other special characters.');
}

/** Removes the key of the endpoint that is meant, else of one that is picked. */
export async function removeKey({ models }: PolicyContext, endpoint?: string): Promise<void> {
  const { origins } = models.keys;
  const [first] = origins;
  if (first === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No key of a language model is stored.'));
    return;
  }
  const title = vscode.l10n.t('Remove the API key of which endpoint?');
  const isOnlyOne = origins.length === 1 && first === models.endpoint?.origin;
  const named = endpoint ?? (isOnlyOne ? first : undefined);
  const picked = named ?? (await vscode.window.showQuickPick(origins, { title }));
  if (picked === undefined) return;
  await models.keys.remove(picked);
  vscode.window.setStatusBarMessage(
    `$(trash) ${vscode.l10n.t('The key for {0} is removed', picked)}`,
    shownMs,
  );
}
