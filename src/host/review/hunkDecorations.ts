import * as vscode from 'vscode';
import type { FileReview } from './fileReview.ts';
import { goneLines, wordsByLine } from './markup.ts';
import type { ReviewModel } from './reviewModel.ts';

type Ranges = Record<'lines' | 'words' | 'places', vscode.Range[]>;

/** Colours what the pending hunks would remove, and where they would insert, in every editor of their files. */
export class HunkDecorations implements vscode.Disposable {
  readonly #model: ReviewModel;
  readonly #types: Readonly<Record<keyof Ranges, vscode.TextEditorDecorationType>>;
  readonly #subscriptions: vscode.Disposable;

  constructor(model: ReviewModel) {
    this.#model = model;
    this.#types = {
      lines: vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        backgroundColor: new vscode.ThemeColor('diffEditor.removedLineBackground'),
        overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.deletedForeground'),
        overviewRulerLane: vscode.OverviewRulerLane.Left,
        ...gutter('M3 8h10', '#f85149', '#b62324'),
      }),
      words: vscode.window.createTextEditorDecorationType({
        backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
      }),
      places: vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        borderStyle: 'solid',
        borderWidth: '0 0 1px 0',
        borderColor: new vscode.ThemeColor('editorGutter.addedBackground'),
        overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.addedForeground'),
        overviewRulerLane: vscode.OverviewRulerLane.Left,
        ...gutter('M3 8h10M8 3v10', '#3fb950', '#1a7f37'),
      }),
    };
    this.#subscriptions = vscode.Disposable.from(
      model.onChange(() => this.#show()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#show()),
      vscode.window.onDidChangeTextEditorViewColumn(() => this.#show()),
      ...Object.values(this.#types),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #show(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.scheme !== 'file') continue;
      // The sides of a diff, which has colours of its own, are in no column.
      const isDiff = editor.viewColumn === undefined;
      const file = isDiff ? undefined : this.#model.fileOf(editor.document.uri);
      const ranges = rangesIn(file, editor.document);
      for (const kind of ['lines', 'words', 'places'] as const) {
        editor.setDecorations(this.#types[kind], ranges[kind]);
      }
    }
  }
}

function rangesIn(file: FileReview | undefined, document: vscode.TextDocument): Ranges {
  const ranges: Ranges = { lines: [], words: [], places: [] };
  for (const [i, hunk] of (file?.hunks ?? []).entries()) {
    if (!file!.isPending(i)) continue;
    const { start } = file!.standing(i);
    const line = document.positionAt(start).line;
    const gone = goneLines(hunk);
    for (const k of gone) ranges.lines.push(new vscode.Range(line + k, 0, line + k, 0));
    if (gone.length === 0)
      ranges.places.push(new vscode.Range(Math.max(0, line - 1), 0, Math.max(0, line - 1), 0));
    for (const [k, words] of wordsByLine(hunk).removed) {
      for (const word of words) ranges.words.push(new vscode.Range(line + k, word.start, line + k, word.end));
    }
  }
  return ranges;
}

/** A sign in the gutter: colour is not the only thing that tells. */
function gutter(path: string, dark: string, light: string): vscode.DecorationRenderOptions {
  const icon = (colour: string): vscode.Uri => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${path}" stroke="${colour}" stroke-width="2" fill="none"/></svg>`;
    return vscode.Uri.parse(`data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`);
  };
  return {
    gutterIconSize: '80%',
    dark: { gutterIconPath: icon(dark) },
    light: { gutterIconPath: icon(light) },
  };
}
