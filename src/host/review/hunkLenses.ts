import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { candidateScheme } from './candidateDocuments.ts';
import type { FileReview } from './fileReview.ts';
import type { ReviewModel } from './reviewModel.ts';
import type { HunkTarget } from './target.ts';
import { pendingText, refusalText } from './texts.ts';

/** Accept and reject above every hunk, and for all of them at the top of their files. */
export class HunkLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #onChange = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#onChange.event;
  readonly #model: ReviewModel;
  readonly #subscription: vscode.Disposable;
  /** Only while there is something to show. */
  #registration: vscode.Disposable | undefined;

  constructor(model: ReviewModel) {
    this.#model = model;
    this.#subscription = model.onChange(() => this.#show());
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const { session } = this.#model;
    const file = this.#model.fileOf(document.uri);
    if (session === undefined || file === undefined || file.text === null) return [];
    const hunks = file.hunks.flatMap((_, i) => this.#lensesAt(document, file, i));
    // A file whose own hunks are decided still leads to those of the others.
    if (hunks.length === 0 && session.pending.length === 0) return [];
    const top = new vscode.Range(0, 0, 0, 0);
    const { l10n } = vscode;
    return [
      lens(top, l10n.t('$(check-all) Accept all {0}', pendingText(session, l10n)), commands.acceptAll),
      lens(top, l10n.t('$(close-all) Reject all'), commands.rejectAll),
      lens(top, l10n.t('$(diff) Open diff'), commands.openDiff, session.ref),
      ...hunks,
    ];
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#registration?.dispose();
    this.#onChange.dispose();
  }

  #show(): void {
    const shows = (this.#model.session?.pending.length ?? 0) > 0;
    if (shows && this.#registration === undefined) {
      const selector = [{ scheme: 'file' }, { scheme: candidateScheme }];
      this.#registration = vscode.languages.registerCodeLensProvider(selector, this);
    } else if (!shows) {
      this.#registration?.dispose();
      this.#registration = undefined;
    }
    this.#onChange.fire();
  }

  #lensesAt(document: vscode.TextDocument, file: FileReview, index: number): vscode.CodeLens[] {
    const { l10n } = vscode;
    const { start, end } = file.standing(index);
    const line = document.positionAt(start).line;
    // Above the line that the insertion follows: the lines themselves are shown below that one.
    const above = start === end ? Math.max(0, line - 1) : line;
    const range = new vscode.Range(above, 0, above, 0);
    const target: HunkTarget = { uri: document.uri.toString(), hunk: file.hunks[index]!.key };
    const reason = file.refusal(index);
    if (reason !== undefined) {
      const stale = l10n.t('$(warning) Cannot be accepted: {0}', refusalText(reason, l10n));
      return [lens(range, stale, ''), lens(range, l10n.t('Reject'), commands.rejectHunk, target)];
    }
    if (!file.isPending(index)) return [];
    return [
      lens(range, l10n.t('Accept ({0})', acceptKeys()), commands.acceptHunk, target),
      lens(range, l10n.t('Reject'), commands.rejectHunk, target),
      lens(range, l10n.t('Next'), commands.nextHunk),
    ];
  }
}

function lens(range: vscode.Range, title: string, command: string, argument?: unknown): vscode.CodeLens {
  return new vscode.CodeLens(range, {
    title,
    command,
    ...(argument === undefined ? {} : { arguments: [argument] }),
  });
}

/** As the manifest binds it, on the system of the extension host. */
function acceptKeys(): string {
  return process.platform === 'darwin' ? 'Cmd+Alt+Enter' : 'Ctrl+Alt+Enter';
}
