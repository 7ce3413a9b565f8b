import * as vscode from 'vscode';
import { EngineUnavailable } from './errors.ts';

/** @throws EngineUnavailable in Restricted Mode: everything the engine does runs code of the folder. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new EngineUnavailable(
    vscode.l10n.t('Annsmith compiles and runs the code of this folder. Trust the folder first.'),
    'untrusted',
  );
}
