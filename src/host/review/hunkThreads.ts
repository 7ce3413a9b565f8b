import * as vscode from 'vscode';
import { hunkMarkup } from './markup.ts';
import type { ReviewModel } from './reviewModel.ts';
import type { HunkRef, ReviewSession } from './session.ts';
import { causesAt, hunkLabel } from './texts.ts';

/** `commentController` in the manifest's menus. */
export const controllerId = 'annsmith.review';

interface Shown {
  readonly thread: vscode.CommentThread;
  readonly session: ReviewSession;
  readonly hunk: HunkRef;
}

/**
 * Shows what the pending hunks would add below the lines that they would remove: comment threads are the one thing of an
 * editor's that makes room for several lines without touching the text.
 */
export class HunkThreads implements vscode.Disposable {
  readonly #model: ReviewModel;
  readonly #subscription: vscode.Disposable;
  readonly #shown = new Map<string, Shown>();
  /**
   * Made when there is something to show first. It stays for good: one that is disposed of disposes of its threads again,
   * which the editor logs as errors.
   */
  #controller: vscode.CommentController | undefined;

  constructor(model: ReviewModel) {
    this.#model = model;
    this.#subscription = model.onChange(() => this.#show());
  }

  /** The hunk of a thread that a menu hands to its command. */
  hunkOf(thread: unknown): HunkRef | undefined {
    return [...this.#shown.values()].find((shown) => shown.thread === thread)?.hunk;
  }

  /** What is shown now, for who wants to look. */
  get threads(): readonly vscode.CommentThread[] {
    return [...this.#shown.values()].map(({ thread }) => thread);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#controller?.dispose();
  }

  #show(): void {
    const { session } = this.#model;
    const pending = session?.pending ?? [];
    const keys = new Set(pending.map(keyOf));
    for (const [key, shown] of this.#shown) {
      if (keys.has(key) && shown.session === session) continue;
      shown.thread.dispose();
      this.#shown.delete(key);
    }
    if (session === undefined || pending.length === 0) return;
    this.#controller ??= vscode.comments.createCommentController(controllerId, 'Annsmith');
    for (const hunk of pending) this.#showHunk(this.#controller, session, hunk);
  }

  #showHunk(controller: vscode.CommentController, session: ReviewSession, hunk: HunkRef): void {
    const range = rangeOf(hunk);
    const key = keyOf(hunk);
    const shown = this.#shown.get(key);
    if (shown !== undefined) {
      if (!shown.thread.range?.isEqual(range)) shown.thread.range = range;
      return;
    }
    const thread = controller.createCommentThread(this.#model.uriOf(hunk.file), range, [
      { author: { name: 'Annsmith' }, body: body(session, hunk), mode: vscode.CommentMode.Preview },
    ]);
    thread.canReply = false;
    thread.contextValue = 'annsmith.hunk';
    thread.label = hunkLabel(session, hunk, vscode.l10n);
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    this.#shown.set(key, { thread, session, hunk });
  }
}

function keyOf({ file, index }: HunkRef): string {
  return `${file.file}\n${index}`;
}

/** The line below which the added ones are shown. */
function rangeOf({ file, index }: HunkRef): vscode.Range {
  const { start, end } = file.standing(index);
  const text = file.text ?? '';
  let line = 0;
  const last = end > start ? end - 1 : start - 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < last; at = text.indexOf('\n', at + 1)) ++line;
  return new vscode.Range(line, 0, line, 0);
}

function body(session: ReviewSession, hunk: HunkRef): vscode.MarkdownString {
  const { removed, added } = hunk.file.hunks[hunk.index]!;
  const markdown = new vscode.MarkdownString(
    hunkMarkup({
      removed,
      added,
      causes: causesAt(session, hunk),
      onlyRemoves: vscode.l10n.t('Only removes lines.'),
      more: (count) => vscode.l10n.t('{0} more lines: see the diff.', count),
    }),
  );
  markdown.supportHtml = true;
  return markdown;
}
