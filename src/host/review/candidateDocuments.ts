import * as vscode from 'vscode';
import * as z from 'zod';
import type { Change } from '../../protocol/engine.ts';
import type { Engine } from '../feature.ts';
import { FileReview } from './fileReview.ts';
import { eolOf, fileUri, type ReviewModel } from './reviewModel.ts';
import type { CandidateRef, ReviewSession } from './session.ts';
import { subject } from './texts.ts';

/** Documents that are the user's file with a candidate's hunks: the right side of a diff. */
export const candidateScheme = 'annsmith-candidate';

const query = z.object({ root: z.string(), run: z.string(), candidate: z.string(), file: z.string() });

/** Merges candidates into the user's text for the diff editor; nothing is written. */
export class CandidateDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #onChange = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#onChange.event;
  readonly #model: ReviewModel;
  readonly #engine: Pick<Engine, 'request'>;
  readonly #subscriptions: vscode.Disposable;

  constructor(model: ReviewModel, engine: Pick<Engine, 'request'>) {
    this.#model = model;
    this.#engine = engine;
    this.#subscriptions = vscode.Disposable.from(
      this.#onChange,
      vscode.workspace.registerTextDocumentContentProvider(candidateScheme, this),
      model.onChange(() => {
        for (const { uri } of vscode.workspace.textDocuments) {
          if (uri.scheme === candidateScheme) this.#onChange.fire(uri);
        }
      }),
    );
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { file, ...ref } = query.parse(JSON.parse(uri.query));
    const session = this.#underReview(ref);
    if (session !== undefined) return session.file(file)?.merged().text ?? '';
    const change = await this.#engine.request('annsmith/change', ref);
    const changed = change.files.find((other) => other.file === file);
    if (changed === undefined) return '';
    return (await opened(ref.root, changed)).merged().text;
  }

  /** Shows the user's files beside what a candidate would make of them: one in a diff, several in one list of diffs. */
  async openDiff(ref: CandidateRef, change: Change): Promise<void> {
    const files: string[] = [];
    for (const changed of change.files) {
      const review = this.#underReview(ref)?.file(changed.file) ?? (await opened(ref.root, changed));
      if (review.text !== null && review.merged().text !== review.text) files.push(changed.file);
    }
    const [first] = files;
    if (first === undefined) {
      const message = vscode.l10n.t('Nothing of {0} is left to be accepted in your code', subject(change));
      vscode.window.setStatusBarMessage(message, 10_000);
      return;
    }
    const title = vscode.l10n.t('{0}: your code ↔ candidate', subject(change));
    if (files.length === 1) {
      const name = first.slice(first.lastIndexOf('/') + 1);
      const [left, right] = [fileUri(ref.root, first), candidateUri(ref, first)];
      await vscode.commands.executeCommand('vscode.diff', left, right, `${name}, ${title}`);
      return;
    }
    const list = files.map((file) => {
      const uri = fileUri(ref.root, file);
      return [uri, uri, candidateUri(ref, file)];
    });
    await vscode.commands.executeCommand('vscode.changes', title, list);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #underReview(ref: CandidateRef): ReviewSession | undefined {
    const { session } = this.#model;
    return session !== undefined && isSame(session.ref, ref) ? session : undefined;
  }
}

/** The candidate and the file that such a document is of. */
export function candidateOf(uri: vscode.Uri): (CandidateRef & { readonly file: string }) | undefined {
  if (uri.scheme !== candidateScheme) return undefined;
  return query.safeParse(JSON.parse(uri.query)).data;
}

export function isSame(a: CandidateRef, b: CandidateRef): boolean {
  return a.root === b.root && a.run === b.run && a.candidate === b.candidate;
}

function candidateUri(ref: CandidateRef, file: string): vscode.Uri {
  const { path } = fileUri(ref.root, file);
  return vscode.Uri.from({ scheme: candidateScheme, path, query: JSON.stringify({ ...ref, file }) });
}

/** A file of a candidate that is looked at without a review. */
async function opened(root: string, { file, base, text }: Change['files'][number]): Promise<FileReview> {
  const review = new FileReview(file, base, text);
  try {
    const document = await vscode.workspace.openTextDocument(fileUri(root, file));
    review.open(document.getText(), eolOf(document));
  } catch {
    review.missing();
  }
  return review;
}
