import * as vscode from 'vscode';
import { candidateOf, isSame } from './candidateDocuments.ts';
import type { ReviewModel } from './reviewModel.ts';
import type { HunkRef } from './session.ts';

/** The pending hunk that the cursor is on, in the file itself or on either side of a diff. */
export function hunkAtCursor(model: ReviewModel): HunkRef | undefined {
  const editor = vscode.window.activeTextEditor;
  const { session } = model;
  if (editor === undefined || session === undefined) return undefined;
  const { line } = editor.selection.active;
  const file = model.fileOf(editor.document.uri);
  if (file !== undefined) return session.pendingAt(file.file, line);
  const candidate = candidateOf(editor.document.uri);
  if (candidate === undefined || !isSame(candidate, session.ref)) return undefined;
  return session.pendingInMerged(candidate.file, line);
}

/** Where the next or previous hunk is looked for from; undefined outside the files under review. */
export function cursorPlace(model: ReviewModel): { file: string; offset: number } | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return undefined;
  const on = hunkAtCursor(model);
  if (on !== undefined) return { file: on.file.file, offset: on.file.standing(on.index).start };
  const { document, selection } = editor;
  const file = model.fileOf(document.uri) ?? model.session?.file(candidateOf(document.uri)?.file ?? '');
  return file && { file: file.file, offset: document.offsetAt(selection.active) };
}

/** Takes the cursor to a hunk; in the editor that has it, be it a side of a diff, else in one of its own. */
export async function goToHunk(model: ReviewModel, { file, index }: HunkRef): Promise<void> {
  const uri = model.uriOf(file);
  const active = vscode.window.activeTextEditor;
  const candidate = active && candidateOf(active.document.uri);
  const merged = file.merged().ranges.get(index);
  if (active !== undefined && candidate?.file === file.file && merged !== undefined) {
    show(active, active.document.positionAt(merged.start));
    return;
  }
  const inside = active?.document.uri.toString() === uri.toString();
  const editor = inside ? active! : await vscode.window.showTextDocument(uri);
  show(editor, editor.document.positionAt(file.standing(index).start));
}

function show(editor: vscode.TextEditor, at: vscode.Position): void {
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
