import * as vscode from 'vscode';
import type { RoundsAction } from '../../protocol/roundsMessages.ts';
import type { FeatureContext } from '../feature.ts';
import { commands } from '../ids.ts';
import { showPage } from '../page/showPage.ts';
import { explained, reportError } from '../reportError.ts';
import { pageStrings } from './pageStrings.ts';
import { RoundsSession } from './roundsSession.ts';
import { promoteVersion, rollBackVersion } from './versions.ts';

/** The view of rounds: of this machine's built-in policy, so there is one. */
export class RoundsPanel implements vscode.Disposable {
  readonly panel: vscode.WebviewPanel;
  readonly #subscriptions: vscode.Disposable[];

  constructor(context: FeatureContext, panel: vscode.WebviewPanel) {
    this.panel = panel;
    const { store, log, engine } = context;
    const strings = pageStrings(vscode.l10n);
    const session = new RoundsSession({
      post: (message) => void panel.webview.postMessage(message),
      init: () => ({ locale: vscode.env.language, strings }),
      isTrusted: () => vscode.workspace.isTrusted,
      fetch: () => engine.request('annsmith/policies', {}),
      explain: explained,
      promote: (version) => promoteVersion(context, version),
      act: (action) => act(context, action),
      fail: (error) => void reportError(log, error),
      warn: (text) => log.warn(text),
    });
    const changed = (): void => void session.changed();
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => void session.receive(message)),
      panel.onDidChangeViewState(() => void session.visible(panel.visible)),
      store.onChange((what) => what === 'policies' && changed()),
      // What could not be read without the server can be read now.
      engine.onState((state) => state === 'running' && changed()),
      vscode.workspace.onDidGrantWorkspaceTrust(changed),
    ];
    showPage(panel, context.extension.extensionUri, {
      name: 'rounds',
      title: strings.heading,
      loading: strings.loading,
    });
    panel.title = strings.heading;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
  }
}

async function act(context: FeatureContext, action: Exclude<RoundsAction, 'retry'>): Promise<void> {
  switch (action) {
    case 'run':
      await vscode.commands.executeCommand(commands.runGrpoRound);
      return;
    case 'rollBack':
      return rollBackVersion(context);
    case 'trust':
      await vscode.commands.executeCommand('workbench.trust.manage');
      return;
    case 'showLog':
      await vscode.commands.executeCommand(commands.showLog);
  }
}
