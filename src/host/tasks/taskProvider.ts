import * as vscode from 'vscode';
import type { Store } from '../feature.ts';
import { taskType } from '../ids.ts';
import type { WindowRuns } from '../runs.ts';
import { runTask, taskOf } from './annsmithTask.ts';

/** Offers one task per module of every workspace, one over all of them, and one that trains; completes those of tasks.json. */
export function registerTaskProvider(store: Store, runs: WindowRuns): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, {
    provideTasks: () =>
      store.workspaces
        .filter(({ state }) => state === 'ready')
        .flatMap(({ root, modules }) => {
          const names = modules.map(({ module }) => module);
          const all = names.length > 1 ? (['all'] as const) : [];
          return [
            ...[...names, ...all].map((module) => runTask(root, { module }, runs)),
            runTask(root, { module: 'all', grpo: 'online' }, runs),
          ];
        }),
    resolveTask: (task) => taskOf(task.definition, task.scope ?? vscode.TaskScope.Workspace, task.name, runs),
  });
}
