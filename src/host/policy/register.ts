import * as vscode from 'vscode';
import { register } from '../commands/commandContext.ts';
import type { CommandTarget, FeatureContext } from '../feature.ts';
import { commands } from '../ids.ts';
import type { PolicyTarget } from '../views/model/policyModel.ts';
import { choosePolicy } from './choosePolicy.ts';
import type { EditorModels } from './editorModels.ts';
import { forgetConsent } from './forgetConsent.ts';
import { ModelDocuments } from './modelDocuments.ts';
import type { PolicyContext } from './policyContext.ts';
import { previewPrompt } from './previewPrompt.ts';
import { restartForModels } from './restartForModels.ts';
import { removeKey, setKey } from './setKey.ts';
import { showReasoning } from './showReasoning.ts';
import { testModel } from './testModel.ts';

/** The commands about policies and their models, which a row of a view or another program can aim. */
export function registerPolicy(feature: FeatureContext, models: EditorModels): vscode.Disposable {
  const documents = new ModelDocuments();
  const context: PolicyContext = { ...feature, models, documents };
  const command = (id: string, work: (target: PolicyTarget) => Promise<unknown>): vscode.Disposable =>
    register(context, id, async (target?: CommandTarget) => {
      await work(target ?? {});
    });
  return vscode.Disposable.from(
    documents,
    restartForModels(feature.engine, feature.runs, models, feature.log),
    // A row says what it is about; what is chosen is always asked for unless a program says it.
    register(context, commands.choosePolicy, async (target?: PolicyTarget & { readonly ask?: boolean }) => {
      await choosePolicy(context, target?.ask === false ? target.policy : undefined);
    }),
    command(commands.setModelKey, () => setKey(context)),
    command(commands.removeModelKey, ({ endpoint }) => removeKey(context, endpoint)),
    command(commands.testModel, ({ policy }) => testModel(context, policy)),
    command(commands.previewPrompt, (target) => previewPrompt(context, target)),
    command(commands.forgetConsent, ({ endpoint }) => forgetConsent(models, endpoint)),
    command(commands.showReasoning, (target) => showReasoning(context, target)),
  );
}
