import * as vscode from 'vscode';
import type { EngineClient } from './engineClient.ts';
import { documents } from './serverSession.ts';

/**
 * The lenses above regions. They are offered from activation on, and wait for the server's first start: the editor asks
 * a provider only some time after it appears, and that time passes beside the start instead of after it.
 */
export function registerLenses(engine: EngineClient, log: vscode.LogOutputChannel): vscode.Disposable {
  const onChange = new vscode.EventEmitter<void>();
  let hasRun = false;
  /** Asked while there was no server to ask. */
  let isMissing = false;
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: onChange.event,
    provideCodeLenses: async (document, token) => {
      // The lenses of other extensions are not kept waiting while a server that crashed is started again.
      const isWorthWaiting = engine.state === 'running' || (engine.state === 'starting' && !hasRun);
      if (isWorthWaiting) {
        try {
          return await engine.codeLenses(document, token);
        } catch (error) {
          if (token.isCancellationRequested) return [];
          log.debug(`no lenses: ${String(error)}`);
        }
      }
      isMissing = true;
      return [];
    },
  };
  return vscode.Disposable.from(
    onChange,
    vscode.languages.registerCodeLensProvider(documents, provider),
    engine.onLenses(() => onChange.fire()),
    engine.onState((state) => {
      if (state !== 'running') return;
      if (hasRun || isMissing) onChange.fire();
      hasRun = true;
      isMissing = false;
    }),
  );
}
