import { basename } from 'node:path';
import * as vscode from 'vscode';
import { problemMatcher, taskType } from '../ids.ts';
import { innermost, pathInside } from '../pathInside.ts';
import type { WindowRuns } from '../runs.ts';
import { runSettings } from '../settings.ts';
import { workspaceRoots } from '../workspaceRoots.ts';
import { type AnnsmithTaskDefinition, orderOf, parseDefinition } from './definition.ts';
import { RunTerminal } from './runTerminal.ts';

type Fields = Omit<AnnsmithTaskDefinition, 'type' | 'folder'>;

/** A task over a folder with a manifest. */
export function runTask(root: string, fields: Fields, runs: WindowRuns): vscode.Task {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => ({
    folder,
    root: folder.uri.fsPath,
  }));
  const holder = folders.find((folder) => folder.root === root) ?? innermost(folders, root);
  const below = holder === undefined ? undefined : pathInside(holder.root, root);
  const definition: AnnsmithTaskDefinition = {
    type: taskType,
    ...fields,
    ...(below === undefined ? {} : { folder: below }),
  };
  const name = taskName(fields);
  const label = below === undefined ? name : `${name} (${basename(below)})`;
  return taskOf(definition, holder?.folder ?? vscode.TaskScope.Workspace, label, runs);
}

function taskName({ module, resume, grpo }: Fields): string {
  if (grpo !== undefined) return grpo === 'online' ? 'GRPO round' : 'GRPO update';
  return `${resume === undefined ? 'optimize' : 'resume'} ${module}`;
}

/** A task over a definition, which it keeps: the editor knows a resolved task by the object. */
export function taskOf(
  definition: vscode.TaskDefinition,
  scope: vscode.WorkspaceFolder | vscode.TaskScope,
  name: string,
  runs: WindowRuns,
): vscode.Task {
  const execution = new vscode.CustomExecution(async (resolved) => terminalFor(resolved, scope, runs));
  const task = new vscode.Task(definition, scope, name, taskType, execution, [`$${problemMatcher}`]);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Never,
    panel: vscode.TaskPanelKind.Dedicated,
    focus: false,
    clear: false,
    showReuseMessage: false,
  };
  return task;
}

async function terminalFor(
  value: vscode.TaskDefinition,
  scope: vscode.WorkspaceFolder | vscode.TaskScope,
  runs: WindowRuns,
): Promise<vscode.Pseudoterminal> {
  const parsed = parseDefinition(value);
  if (!parsed.ok) {
    return new RunTerminal(vscode.l10n.t('This task cannot be run. {0}', parsed.problem));
  }
  const root = await rootOf(parsed.definition, scope);
  if (root === undefined) {
    return new RunTerminal(
      vscode.l10n.t(
        'Which folder the task is about is not clear. Name it in the field "folder" of the task.',
      ),
    );
  }
  const order = orderOf(parsed.definition, root, runSettings(vscode.Uri.file(root)), runs.modulesOf(root));
  return new RunTerminal((stage) => runs.perform(order, stage));
}

/** The folder of the manifest: the one that is named, or the only one there is in the scope. */
async function rootOf(
  { folder }: AnnsmithTaskDefinition,
  scope: vscode.WorkspaceFolder | vscode.TaskScope,
): Promise<string | undefined> {
  const within = typeof scope === 'object' ? scope.uri : vscode.workspace.workspaceFolders?.[0]?.uri;
  if (within === undefined) return undefined;
  if (folder !== undefined) return vscode.Uri.joinPath(within, folder).fsPath;
  const roots = (await workspaceRoots()).filter(
    (root) => root === within.fsPath || pathInside(within.fsPath, root) !== undefined,
  );
  return roots.length === 1 ? roots[0] : undefined;
}
