import * as vscode from 'vscode';

/** Documents that show what goes to a model and what it thought: read-only, and gone with the window. */
const scheme = 'annsmith-model';

export class ModelDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #onChange = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#onChange.event;
  readonly #texts = new Map<string, string>();
  readonly #subscriptions: vscode.Disposable;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#onChange,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#texts.get(uri.toString()) ??
      vscode.l10n.t('This text was not kept when the window was reloaded. Ask for it again.')
    );
  }

  /** Shows a text under a name; `about` tells texts of the same name apart. */
  async show(
    name: string,
    about: string,
    text: string,
    options: vscode.TextDocumentShowOptions,
  ): Promise<vscode.TextEditor> {
    const path = `/${name.replaceAll(/[\\/]/g, ' ')}.md`;
    const uri = vscode.Uri.from({ scheme, path, query: about });
    this.#texts.set(uri.toString(), text);
    // Of the same name there may be an older text on the screen.
    this.#onChange.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    return await vscode.window.showTextDocument(document, options);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
