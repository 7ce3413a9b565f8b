import type * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { type CommandContext, register } from './commandContext.ts';

export function registerRestartServer(context: CommandContext): vscode.Disposable {
  return register(context, commands.restartServer, () => context.engine.restart());
}
