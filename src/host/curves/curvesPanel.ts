import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { CurvesTarget, PageAction, ToHost } from '../../protocol/curvesMessages.ts';
import type { FeatureContext } from '../feature.ts';
import { commands } from '../ids.ts';
import { showPage } from '../page/showPage.ts';
import { explained, reportError } from '../reportError.ts';
import { exportBytes, exportName } from './exportFile.ts';
import { openReport } from './openReport.ts';
import { pageStrings } from './pageStrings.ts';
import { PanelSession } from './panelSession.ts';

/** The benchmark view of one folder. */
export class CurvesPanel implements vscode.Disposable {
  readonly root: string;
  readonly panel: vscode.WebviewPanel;
  readonly #context: FeatureContext;
  readonly #session: PanelSession;
  readonly #subscriptions: vscode.Disposable[];

  constructor(context: FeatureContext, panel: vscode.WebviewPanel, root: string) {
    this.#context = context;
    this.panel = panel;
    this.root = root;
    const { store, log } = context;
    this.#session = new PanelSession({
      post: (message) => void panel.webview.postMessage(message),
      init: () => ({
        root,
        name: this.#name(),
        locale: vscode.env.language,
        strings: pageStrings(vscode.l10n),
      }),
      isTrusted: () => vscode.workspace.isTrusted,
      fetch: () => context.engine.request('annsmith/curves', { root }),
      explain: explained,
      save: (message) => this.#save(message),
      copy: async (text) => vscode.env.clipboard.writeText(text),
      review: (run, candidate) => context.review.open(root, run, candidate),
      openDiff: (run, candidate) => context.review.openDiff(root, run, candidate),
      openReport: async (run) => void (await openReport(context, { root, run })),
      act: (action) => this.#act(action),
      fail: (error) => void reportError(log, error),
      warn: (text) => log.warn(text),
    });
    const changed = (): void => void this.#session.changed();
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => void this.#session.receive(message)),
      panel.onDidChangeViewState(() => void this.#session.visible(panel.visible)),
      store.onChange((what) => what === 'runs' && changed()),
      // What could not be read without the server can be read now.
      context.engine.onState((state) => state === 'running' && changed()),
      vscode.workspace.onDidGrantWorkspaceTrust(changed),
    ];
    this.#show();
  }

  /** Shows first what a command was invoked on. */
  select(target: CurvesTarget): void {
    this.#session.select(target);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose();
  }

  #name(): string {
    return this.#context.store.workspaces.find(({ root }) => root === this.root)?.name ?? basename(this.root);
  }

  #show(): void {
    this.panel.title = vscode.l10n.t('Curves: {0}', this.#name());
    const { heading, loading } = pageStrings(vscode.l10n);
    const { extensionUri } = this.#context.extension;
    showPage(this.panel, extensionUri, { name: 'curves', title: heading, loading });
  }

  async #save({
    format,
    dataset,
    contents,
  }: Extract<ToHost, { type: 'export' }>): Promise<string | undefined> {
    const bytes = exportBytes(format, contents);
    const folder = vscode.Uri.file(this.root);
    const uri = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(folder, exportName(dataset, format)),
      filters: { [format.toUpperCase()]: [format] },
      title: vscode.l10n.t('Export Curves'),
    });
    if (uri === undefined) return undefined;
    await vscode.workspace.fs.writeFile(uri, bytes);
    return vscode.workspace.asRelativePath(uri);
  }

  async #act(action: Exclude<PageAction, 'retry'>): Promise<void> {
    const target = { root: this.root };
    switch (action) {
      case 'optimize':
        await vscode.commands.executeCommand(commands.optimizeModule, target);
        return;
      case 'benchmark':
        await vscode.commands.executeCommand(commands.benchmark, target);
        return;
      case 'trust':
        await vscode.commands.executeCommand('workbench.trust.manage');
        return;
      case 'showLog':
        await vscode.commands.executeCommand(commands.showLog);
    }
  }
}
