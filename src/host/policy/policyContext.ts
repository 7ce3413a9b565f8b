import * as vscode from 'vscode';
import type { FeatureContext } from '../feature.ts';
import { settings } from '../ids.ts';
import { reportError } from '../reportError.ts';
import { runSettings } from '../settings.ts';
import type { EditorModels } from './editorModels.ts';
import type { Endpoint } from './endpoint.ts';
import type { ModelDocuments } from './modelDocuments.ts';

export interface PolicyContext extends FeatureContext {
  readonly models: EditorModels;
  readonly documents: ModelDocuments;
}

/** The folder whose settings say which policy is in use: that of the view. */
export function policyScope({ store }: Pick<FeatureContext, 'store'>): vscode.Uri {
  return vscode.Uri.file(
    store.workspaces[0]?.root ?? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '/',
  );
}

export function policyInUse(context: Pick<FeatureContext, 'store'>): string {
  return runSettings(policyScope(context)).policy;
}

/** Where OpenAI-compatible models are, or undefined once the user has been told that the setting is no address. */
export async function endpointOrTell({ models, log }: PolicyContext): Promise<Endpoint | undefined> {
  const { endpoint } = models;
  if (endpoint !== undefined) return endpoint;
  const open = vscode.l10n.t('Open Setting');
  const why = vscode.l10n.t(
    'The address of language models is none: it is to be like http://localhost:8000/v1.',
  );
  const answer = await reportError(log, new Error(why), open);
  if (answer === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', settings.modelBaseUrl);
  }
  return undefined;
}
