import * as vscode from 'vscode';
import type { ChatModel, Turn } from './sample.ts';

/** A model of the editor, as it is chosen by. */
export interface OfferedModel {
  readonly vendor: string;
  readonly family: string;
  readonly name: string;
  readonly maxInputTokens: number;
}

/** Undefined in editors that have no language models; older ones and forks do not. */
function api(): Pick<typeof vscode.lm, 'selectChatModels' | 'onDidChangeChatModels'> | undefined {
  const lm = vscode.lm as Partial<typeof vscode.lm> | undefined;
  return lm?.selectChatModels === undefined ? undefined : vscode.lm;
}

/** Every model that the editor offers, each vendor's family once, where a policy can name it. Empty where there are none. */
export async function offeredModels(): Promise<readonly OfferedModel[]> {
  const models = await Promise.resolve(api()?.selectChatModels({})).catch(() => undefined);
  const named = (models ?? []).filter(
    ({ vendor, family }) => /^[^\s,/]+$/.test(vendor) && /^[^\s,]+$/.test(family),
  );
  return [...new Map(named.map((model) => [`${model.vendor}/${model.family}`, model])).values()];
}

/** Fires when models come or go. */
export function onOfferChange(changed: () => void): vscode.Disposable {
  const event = api()?.onDidChangeChatModels as vscode.Event<void> | undefined;
  return event?.(changed) ?? new vscode.Disposable(() => undefined);
}

/** A model to ask, which the token cancels. */
export async function findModel(
  vendor: string,
  family: string,
  token: vscode.CancellationToken,
): Promise<ChatModel | undefined> {
  const [model] = (await api()?.selectChatModels({ vendor, family })) ?? [];
  if (model === undefined) return undefined;
  const justification = vscode.l10n.t(
    'Annsmith asks for faster versions of your code, and builds, checks and times each.',
  );
  return {
    send: async (turns, modelOptions) => {
      const options = { justification, modelOptions: { ...modelOptions } };
      return (await model.sendRequest(turns.map(messageOf), options, token)).text;
    },
    countTokens: (text) => model.countTokens(text, token),
  };
}

function messageOf({ role, content }: Turn): vscode.LanguageModelChatMessage {
  return role === 'user'
    ? vscode.LanguageModelChatMessage.User(content)
    : vscode.LanguageModelChatMessage.Assistant(content);
}
