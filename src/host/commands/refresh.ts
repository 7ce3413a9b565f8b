import type * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { type CommandContext, register } from './commandContext.ts';

/** Asks the engine for everything again. */
export function registerRefresh(context: CommandContext): vscode.Disposable {
  return register(context, commands.refresh, () => context.store.refresh());
}
