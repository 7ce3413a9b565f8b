import * as vscode from 'vscode';
import type { Engine, Runs } from '../feature.ts';
import type { EditorModels } from './editorModels.ts';

/**
 * Starts the server again when the key or the endpoint has changed: at once, or after the run that is going on. A key
 * must not stay with a server that would send it elsewhere, so that this is no choice.
 */
export function restartForModels(
  engine: Engine,
  runs: Runs,
  models: EditorModels,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  let isDue = false;
  const restart = (): void => {
    if (!isDue || runs.active !== undefined) return;
    isDue = false;
    if (engine.state === 'stopped') return;
    log.info('the endpoint of language models or its key was changed: the engine server is started again');
    engine.restart().catch((error: unknown) => log.error(String(error)));
  };
  return vscode.Disposable.from(
    models.onStartChange(() => {
      isDue = true;
      if (runs.active === undefined) restart();
      else
        void vscode.window.showInformationMessage(
          vscode.l10n.t(
            'The run that is going on keeps its endpoint and key; the engine server gets the new ones after it.',
          ),
        );
    }),
    runs.onChange(restart),
  );
}
