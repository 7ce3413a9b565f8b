import * as vscode from 'vscode';
import type { Change } from '../../protocol/engine.ts';
import { pathInside } from '../pathInside.ts';
import type { ChangeReason, Eol, FileReview, Transition } from './fileReview.ts';
import { type CandidateRef, type Decisions, type HunkRef, ReviewSession } from './session.ts';

/** The open review and the documents that it is about: follows their changes, and edits them on accept alone. */
export class ReviewModel implements vscode.Disposable {
  readonly #onChange = new vscode.EventEmitter<void>();
  readonly #onTransition = new vscode.EventEmitter<Transition>();
  /** Hunks, their places or what was decided about them have changed. */
  readonly onChange = this.#onChange.event;
  /** Undo or redo has changed what was decided. */
  readonly onTransition = this.#onTransition.event;
  readonly #subscriptions: vscode.Disposable;
  #session: ReviewSession | undefined;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#onChange,
      this.#onTransition,
      vscode.workspace.onDidChangeTextDocument((event) => this.#changed(event)),
      vscode.workspace.onDidOpenTextDocument((document) => {
        const file = this.fileOf(document.uri);
        if (file !== undefined) this.#read(file, document);
      }),
    );
  }

  get session(): ReviewSession | undefined {
    return this.#session;
  }

  /** Replaces what is under review. Documents are read, none is shown. */
  async start(ref: CandidateRef, change: Change, decisions: Decisions): Promise<ReviewSession> {
    const session = new ReviewSession(ref, change, decisions);
    this.#session = session;
    for (const file of session.files) await this.#open(file);
    this.#onChange.fire();
    return session;
  }

  end(): void {
    this.#session = undefined;
    this.#onChange.fire();
  }

  uriOf(file: FileReview): vscode.Uri {
    return fileUri(this.#session?.ref.root ?? '', file.file);
  }

  /** The file under review that a document is of. */
  fileOf(uri: vscode.Uri): FileReview | undefined {
    if (this.#session === undefined || uri.scheme !== 'file') return undefined;
    const path = pathInside(this.#session.ref.root, uri.fsPath);
    return path === undefined ? undefined : this.#session.file(path);
  }

  /**
   * Accepts hunks by one edit over all files, so that one undo takes it back. Returns those that were accepted: where a
   * document changes under the edit, nothing is.
   */
  async accept(wanted: readonly HunkRef[]): Promise<readonly HunkRef[]> {
    const files = [...new Set(wanted.map(({ file }) => file))];
    const documents = new Map<FileReview, vscode.TextDocument>();
    for (const file of files) {
      const document = await this.#open(file);
      if (document !== undefined) documents.set(file, document);
      file.recheck();
    }
    const hunks = wanted.filter(({ file, index }) => file.isPending(index));
    const edit = new vscode.WorkspaceEdit();
    for (const { file, index } of hunks) {
      const document = documents.get(file)!;
      const { start, end, text } = file.acceptEdit(index);
      const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
      edit.replace(document.uri, range, text);
    }
    // Before the edit: the documents tell of it before it has returned.
    for (const { file, index } of hunks) file.decide(index, 'accepted');
    const done = hunks.length > 0 && (await vscode.workspace.applyEdit(edit));
    if (!done) for (const { file, index } of hunks) file.decide(index, 'open');
    this.#onChange.fire();
    return done ? hunks : [];
  }

  reject(hunks: readonly HunkRef[]): void {
    for (const { file, index } of hunks) file.decide(index, 'rejected');
    this.#onChange.fire();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** Reads the document again if it has changed while nobody was told. */
  async #open(file: FileReview): Promise<vscode.TextDocument | undefined> {
    try {
      const document = await vscode.workspace.openTextDocument(this.uriOf(file));
      this.#read(file, document);
      return document;
    } catch {
      file.missing();
      return undefined;
    }
  }

  #read(file: FileReview, document: vscode.TextDocument): void {
    const text = document.getText();
    if (file.text === text) return;
    this.#tell(file.open(text, eolOf(document)));
    this.#onChange.fire();
  }

  #changed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const file = contentChanges.length === 0 ? undefined : this.fileOf(document.uri);
    if (file === undefined) return;
    const changes = contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
      offset: rangeOffset,
      length: rangeLength,
      text,
    }));
    this.#tell(file.change(changes, document.getText(), eolOf(document), whyChanged(document, reason)));
    this.#onChange.fire();
  }

  #tell(transitions: readonly Transition[]): void {
    for (const transition of transitions) this.#onTransition.fire(transition);
  }
}

export function fileUri(root: string, file: string): vscode.Uri {
  return vscode.Uri.joinPath(vscode.Uri.file(root), file);
}

export function eolOf(document: vscode.TextDocument): Eol {
  return document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
}

function whyChanged(
  document: vscode.TextDocument,
  reason: vscode.TextDocumentChangeReason | undefined,
): ChangeReason {
  if (reason === vscode.TextDocumentChangeReason.Undo) return 'undo';
  if (reason === vscode.TextDocumentChangeReason.Redo) return 'redo';
  return document.isDirty ? undefined : 'revert';
}
