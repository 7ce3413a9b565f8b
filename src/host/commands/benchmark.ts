import * as vscode from 'vscode';
import type { CommandTarget } from '../feature.ts';
import { commands } from '../ids.ts';
import { type CommandContext, register } from './commandContext.ts';
import { pickWorkspace } from './pickWorkspace.ts';

const shownMs = 15_000;

/** Measures the workspace as saved; the views and lenses show the result, the status bar says it once. */
export function registerBenchmark(context: CommandContext): vscode.Disposable {
  return register(context, commands.benchmark, async (target?: CommandTarget) => {
    const workspace = await pickWorkspace(context, target?.root);
    if (workspace === undefined) return;
    const measured = await context.benchmarks.run(workspace.root, workspace.name);
    if (measured === undefined) return;
    const { qps, recall, dataset } = measured;
    const text =
      qps === null
        ? vscode.l10n.t('{0}: the curve does not reach recall {1}', dataset, String(recall))
        : vscode.l10n.t(
            '{0}: {1} QPS at recall {2}',
            dataset,
            Math.round(qps).toLocaleString('en-US'),
            String(recall),
          );
    context.log.info(text);
    vscode.window.setStatusBarMessage(`$(dashboard) ${text}`, shownMs);
  });
}
