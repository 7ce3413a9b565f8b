import * as vscode from 'vscode';
import type { ReverseParamsOf, ReverseResultOf } from '../../protocol/engine.ts';
import { commands } from '../ids.ts';
import type { Consents } from './consents.ts';
import { consentQuestion } from './consentText.ts';

type Params = ReverseParamsOf<'annsmith/consent'>;

/** Asks whether code of a folder may be sent to an endpoint: once, and only a yes is remembered. */
export class ConsentDesk {
  readonly #consents: Consents;
  readonly #given: () => void;
  /** Questions on the screen, by folder and endpoint. */
  readonly #open = new Map<string, Promise<boolean>>();

  constructor(consents: Consents, given: () => void) {
    this.#consents = consents;
    this.#given = given;
  }

  async ask(params: Params, token: vscode.CancellationToken): Promise<ReverseResultOf<'annsmith/consent'>> {
    if (this.#consents.has(params)) return { allowed: true };
    const key = JSON.stringify([params.root, params.endpoint]);
    const question = this.#open.get(key) ?? this.#put(key, params);
    return { allowed: await unlessCancelled(question, token) };
  }

  #put(key: string, params: Params): Promise<boolean> {
    const question = this.#question(params).finally(() => this.#open.delete(key));
    this.#open.set(key, question);
    return question;
  }

  async #question(params: Params): Promise<boolean> {
    const { message, detail } = consentQuestion(params, vscode.l10n);
    const allow: vscode.MessageItem = { title: vscode.l10n.t('Allow') };
    const preview: vscode.MessageItem = { title: vscode.l10n.t('Preview Prompt') };
    const refuse: vscode.MessageItem = { title: vscode.l10n.t("Don't Send"), isCloseAffordance: true };
    const options = { modal: true, detail };
    let answer = await vscode.window.showWarningMessage(message, options, allow, preview, refuse);
    while (answer === preview) {
      await vscode.commands.executeCommand(commands.previewPrompt, { root: params.root });
      // Beside the prompt, not over it.
      answer = await vscode.window.showWarningMessage(message, allow, preview, refuse);
    }
    if (answer !== allow) return false;
    await this.#consents.give(params);
    this.#given();
    return true;
  }
}

/** The answer, or a CancellationError as soon as nobody waits for it; the question itself stays. */
function unlessCancelled(answer: Promise<boolean>, token: vscode.CancellationToken): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const listener = token.onCancellationRequested(() => reject(new vscode.CancellationError()));
    if (token.isCancellationRequested) reject(new vscode.CancellationError());
    answer.then(resolve, reject).finally(() => listener.dispose());
  });
}
