import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { ResultOf } from '../../protocol/engine.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { pickWorkspace } from '../commands/pickWorkspace.ts';
import type { CommandTarget } from '../feature.ts';
import { runSettings } from '../settings.ts';
import { moduleTitle } from '../views/model/moduleTitle.ts';
import type { PolicyContext } from './policyContext.ts';

const shownMs = 15_000;

/** Shows exactly what a model would be sent for a module, without sending it. */
export async function previewPrompt(context: PolicyContext, target: CommandTarget): Promise<void> {
  const workspace = await pickWorkspace(context, target.root);
  if (workspace === undefined) return;
  const { root } = workspace;
  const there = workspace.modules.map(({ module }) => module);
  const module = target.module ?? (await pickModule(context, root, there.length === 0 ? moduleNames : there));
  if (module === undefined) return;
  const { dataset, model } = runSettings(vscode.Uri.file(root));
  const title = vscode.l10n.t('Making the prompt for {0}', module);
  const params = {
    job: `prompt-${randomUUID()}`,
    root,
    module,
    dataset: dataset.split(',', 1)[0]?.trim() || null,
    model,
  };
  const { prompt, text } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) => context.engine.request('annsmith/prompt', params, token),
  );
  const name = vscode.l10n.t('Prompt for {0}', moduleTitle(module, vscode.l10n));
  await context.documents.show(name, root, text, { preview: true });
  vscode.window.setStatusBarMessage(`$(eye) ${sizeText(prompt)}`, shownMs);
}

/** That of the run of this window where it has one module; else it is asked for. */
async function pickModule(
  { runs }: PolicyContext,
  root: string,
  modules: readonly ModuleName[],
): Promise<ModuleName | undefined> {
  const running = runs.active?.root === root ? runs.active.modules : [];
  const [only] = running.length === 1 ? running : modules.length === 1 ? modules : [];
  if (only !== undefined) return only;
  const items = modules.map((module) => ({ label: moduleTitle(module, vscode.l10n), module }));
  const placeHolder = vscode.l10n.t('Prompt for which module?');
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.module;
}

function sizeText({ sections, template }: ResultOf<'annsmith/prompt'>['prompt']): string {
  const tokens = sections.reduce((sum, section) => sum + section.tokens, 0).toLocaleString('en-US');
  const size = vscode.l10n.t('about {0} tokens, template {1}', tokens, template);
  const cut = sections.filter(({ kept }) => kept !== 'whole').map(({ name }) => name);
  return cut.length === 0 ? size : `${size}; ${vscode.l10n.t('shortened: {0}', cut.join(', '))}`;
}
