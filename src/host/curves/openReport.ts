import * as vscode from 'vscode';
import type { CommandTarget, FeatureContext } from '../feature.ts';
import { chooseRoot } from './chooseRoot.ts';

type Context = Pick<FeatureContext, 'engine' | 'store'>;

/**
 * Writes the report of a run and shows it: in the browser of this machine where the editor runs on it, else in a panel.
 * Resolves with the panel, if there is one.
 */
export async function openReport(
  { engine, store }: Context,
  target: CommandTarget,
): Promise<vscode.WebviewPanel | undefined> {
  const root = await chooseRoot(store, target);
  if (root === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Open a folder with HNSW code first.'));
    return undefined;
  }
  const run = target.run ?? (await chooseRun(store, root));
  if (run === undefined) return undefined;
  const { path } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Writing the report') },
    () => engine.request('annsmith/report', { root, run }),
  );
  const file = vscode.Uri.file(path);
  // A browser on another machine than the file's cannot open it.
  const here = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (here && (await vscode.env.openExternal(file))) return undefined;
  return showReport(run, await vscode.workspace.fs.readFile(file));
}

async function chooseRun(store: Context['store'], root: string): Promise<string | undefined> {
  const runs = store.runsOf(root);
  if (runs.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('There is no run yet that a report could tell of.'),
    );
    return undefined;
  }
  const format = new Intl.DateTimeFormat(vscode.env.language, { dateStyle: 'medium', timeStyle: 'short' });
  const picked = await vscode.window.showQuickPick(
    runs.map(({ id, at, modules }) => ({
      label: modules.join(', '),
      description: format.format(new Date(at)),
      detail: id,
      id,
    })),
    { placeHolder: vscode.l10n.t('Report of which run?') },
  );
  return picked?.id;
}

/** The report is one file that loads nothing, with a policy at its head that allows nothing but its own script. */
function showReport(run: string, html: Uint8Array): vscode.WebviewPanel {
  const panel = vscode.window.createWebviewPanel(
    'annsmith.report',
    vscode.l10n.t('Report: {0}', run),
    vscode.ViewColumn.Active,
    { enableScripts: true, enableFindWidget: true, localResourceRoots: [] },
  );
  panel.webview.html = new TextDecoder().decode(html);
  return panel;
}
