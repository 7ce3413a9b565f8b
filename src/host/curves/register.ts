import * as vscode from 'vscode';
import { parseCurvesState } from '../../protocol/curvesMessages.ts';
import type { CommandTarget, FeatureContext } from '../feature.ts';
import { commands, curvesPanelType } from '../ids.ts';
import { reportError } from '../reportError.ts';
import { chooseRoot } from './chooseRoot.ts';
import { CurvesPanel } from './curvesPanel.ts';
import { openReport } from './openReport.ts';

/** The benchmark view, one panel per folder, and the report of a run. */
export function registerCurves(context: FeatureContext): vscode.Disposable {
  const { log, store } = context;
  const panels = new Map<string, CurvesPanel>();

  const adopt = (panel: vscode.WebviewPanel, root: string): CurvesPanel => {
    const view = new CurvesPanel(context, panel, root);
    panels.set(root, view);
    panel.onDidDispose(() => {
      view.dispose();
      if (panels.get(root) === view) panels.delete(root);
    });
    return view;
  };

  const showCurves = async (target: CommandTarget = {}): Promise<void> => {
    const root = await chooseRoot(store, target);
    if (root === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t('Open a folder with HNSW code first.'));
      return;
    }
    const open = panels.get(root);
    // Where it can be seen already, the focus stays where it is.
    if (open !== undefined) open.panel.reveal(undefined, open.panel.visible);
    const view = open ?? adopt(createPanel(), root);
    const { run, candidate, module, dataset } = target;
    if ((run ?? candidate ?? module ?? dataset) !== undefined)
      view.select({ run, candidate, module, dataset });
  };

  return vscode.Disposable.from(
    vscode.commands.registerCommand(commands.showCurves, (target?: CommandTarget) => showCurves(target)),
    vscode.commands.registerCommand(commands.openReport, async (target?: CommandTarget) => {
      try {
        await openReport(context, target ?? {});
      } catch (error) {
        await reportError(log, error);
      }
    }),
    vscode.window.registerWebviewPanelSerializer(curvesPanelType, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const root = parseCurvesState(state)?.root ?? (await chooseRoot(store, {}));
        // Of two panels for one folder, the restored one goes.
        if (root === undefined || panels.has(root)) panel.dispose();
        else adopt(panel, root);
      },
    }),
    // The panels themselves stay: the editor brings them back after a reload.
    new vscode.Disposable(() => {
      for (const view of panels.values()) view.dispose();
    }),
  );
}

function createPanel(): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(
    curvesPanelType,
    vscode.l10n.t('QPS-Recall Curves'),
    vscode.ViewColumn.Beside,
    { enableFindWidget: true },
  );
}
