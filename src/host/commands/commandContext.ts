import * as vscode from 'vscode';
import type { Benchmarks } from '../benchmark.ts';
import { EngineUnavailable } from '../engine/errors.ts';
import type { FeatureContext } from '../feature.ts';
import { reportError } from '../reportError.ts';

export interface CommandContext extends FeatureContext {
  readonly benchmarks: Benchmarks;
}

/**
 * Registers a command. What goes wrong is said in a notification with the way on. That the engine cannot be had is
 * thrown, so that programs learn of it; of what a person has started the editor shows it itself.
 */
export function register<A extends unknown[]>(
  { log }: Pick<FeatureContext, 'log'>,
  id: string,
  work: (...args: A) => Promise<void> | void,
): vscode.Disposable {
  return vscode.commands.registerCommand(id, async (...args: A) => {
    try {
      await work(...args);
    } catch (error) {
      if (error instanceof EngineUnavailable) throw error;
      void reportError(log, error);
    }
  });
}
