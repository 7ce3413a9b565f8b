import type * as vscode from 'vscode';
import type { CommandTarget } from '../feature.ts';
import { commands } from '../ids.ts';
import { type CommandContext, register } from './commandContext.ts';
import { pickModules } from './pickModules.ts';
import { pickWorkspace } from './pickWorkspace.ts';

/** `ask: false` starts with what the settings say. */
type Target = CommandTarget & { readonly ask?: boolean };

export function registerOptimizeModule(context: CommandContext): vscode.Disposable {
  return register(context, commands.optimizeModule, async (target?: Target) => {
    const workspace = await pickWorkspace(context, target?.root);
    if (workspace === undefined) return;
    const modules = target?.module === undefined ? await pickModules(workspace) : [target.module];
    if (modules === undefined) return;
    await context.runs.optimize({ root: workspace.root, modules, ask: target?.ask ?? true });
  });
}
