import * as vscode from 'vscode';
import type { ModuleName } from '../../protocol/module.ts';
import type { CommandTarget } from '../feature.ts';
import { commands } from '../ids.ts';
import { pathInside } from '../pathInside.ts';
import { modulesAtLines, modulesInFile } from '../regionAtLine.ts';
import { fileUri } from '../workspaceRoots.ts';
import { type CommandContext, register } from './commandContext.ts';
import { pickModules } from './pickModules.ts';
import { pickWorkspace } from './pickWorkspace.ts';

type Target = CommandTarget & { readonly ask?: boolean };

/**
 * Optimizes the module of the code that is meant: of a lens or code action, of the cursor or selection in the editor, or
 * of the file that is selected in the explorer (which hands over the list of what is selected as well).
 */
export function registerOptimizeSelectedModule(context: CommandContext): vscode.Disposable {
  return register(
    context,
    commands.optimizeSelectedModule,
    async (about?: vscode.Uri | Target, more?: unknown) => {
      const target = about instanceof vscode.Uri ? undefined : about;
      const place = about instanceof vscode.Uri ? inFile(about, !Array.isArray(more)) : placeOf(target);
      const named =
        target?.root ?? (place === undefined ? undefined : context.store.workspaceOf(place.uri)?.root);
      const workspace = await pickWorkspace(context, named);
      if (workspace === undefined) return;
      const modules =
        target?.module === undefined
          ? await pickModules(workspace, modulesOf(workspace, place))
          : [target.module];
      if (modules === undefined) return;
      await context.runs.optimize({ root: workspace.root, modules, ask: target?.ask ?? true });
    },
  );
}

interface Place {
  readonly uri: vscode.Uri;
  /** 1-based, inclusive; undefined: the whole file. */
  readonly lines?: readonly [first: number, last: number];
}

function placeOf(target: Target | undefined): Place | undefined {
  if (target?.root !== undefined && target.file !== undefined) {
    const uri = fileUri(target.root, target.file);
    return target.line === undefined ? { uri } : { uri, lines: [target.line, target.line] };
  }
  const editor = vscode.window.activeTextEditor;
  return editor === undefined ? undefined : inFile(editor.document.uri, true);
}

/** The file, at the cursor or selection where it is the active editor's and `atCursor`. */
function inFile(uri: vscode.Uri, atCursor: boolean): Place {
  const editor = vscode.window.activeTextEditor;
  if (!atCursor || editor?.document.uri.toString() !== uri.toString()) return { uri };
  const { start, end } = editor.selection;
  return { uri, lines: [start.line + 1, end.line + 1] };
}

/** The modules of the place, or of its file, or undefined: all of the workspace come into question. */
function modulesOf(
  workspace: Parameters<typeof modulesInFile>[0] & { readonly root: string },
  place: Place | undefined,
): readonly ModuleName[] | undefined {
  const file = place === undefined ? undefined : pathInside(workspace.root, place.uri.fsPath);
  if (place === undefined || file === undefined) return undefined;
  const there = place.lines === undefined ? [] : modulesAtLines(workspace, file, ...place.lines);
  const found = there.length > 0 ? there : modulesInFile(workspace, file);
  return found.length > 0 ? found : undefined;
}
