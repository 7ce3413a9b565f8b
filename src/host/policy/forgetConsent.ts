import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Consent } from './consents.ts';
import { placeText } from './consentText.ts';
import type { EditorModels } from './editorModels.ts';

/** Takes back the leave to send code: of the endpoint that is meant, else of what is picked. */
export async function forgetConsent(models: EditorModels, endpoint?: string): Promise<void> {
  const given = models.consents;
  const gone =
    endpoint === undefined ? await pick(given) : given.filter((consent) => consent.endpoint === endpoint);
  if (gone === undefined || gone.length === 0) return;
  await models.withdraw(gone);
  vscode.window.setStatusBarMessage(
    `$(shield) ${vscode.l10n.t('You will be asked again before code is sent')}`,
    5000,
  );
}

async function pick(given: readonly Consent[]): Promise<readonly Consent[] | undefined> {
  if (given.length <= 1) {
    if (given.length === 0) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('No folder of this workspace may send code anywhere.'),
      );
    }
    return given;
  }
  const items = given.map((consent) => ({
    label: placeText(consent.endpoint, vscode.l10n),
    description: basename(consent.root),
    detail: consent.root,
    picked: true,
    consent,
  }));
  const title = vscode.l10n.t('Forget Consent to Send Code');
  const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true });
  return picked?.map(({ consent }) => consent);
}
