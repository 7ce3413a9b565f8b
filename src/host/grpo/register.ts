import * as vscode from 'vscode';
import { register } from '../commands/commandContext.ts';
import type { FeatureContext } from '../feature.ts';
import { commands, roundsPanelType } from '../ids.ts';
import type { PolicyTarget } from '../views/model/policyModel.ts';
import { RoundsPanel } from './roundsPanel.ts';
import { type GrpoTarget, runGrpoRound } from './runGrpoRound.ts';
import { promoteVersion, rollBackVersion } from './versions.ts';

/** Training of the built-in policy: rounds as tasks, their view, and which version samples. */
export function registerGrpo(context: FeatureContext): vscode.Disposable {
  let open: RoundsPanel | undefined;

  const adopt = (panel: vscode.WebviewPanel): RoundsPanel => {
    const view = new RoundsPanel(context, panel);
    open = view;
    panel.onDidDispose(() => {
      view.dispose();
      if (open === view) open = undefined;
    });
    return view;
  };

  const showRounds = (): void => {
    // Where it can be seen already, the focus stays where it is.
    if (open !== undefined) open.panel.reveal(undefined, open.panel.visible);
    else adopt(createPanel());
  };

  return vscode.Disposable.from(
    register(context, commands.runGrpoRound, (target?: GrpoTarget) => runGrpoRound(context, target ?? {})),
    register(context, commands.showRounds, showRounds),
    register(context, commands.promoteVersion, (target?: PolicyTarget) =>
      promoteVersion(context, target?.version),
    ),
    register(context, commands.rollBackVersion, () => rollBackVersion(context)),
    vscode.window.registerWebviewPanelSerializer(roundsPanelType, {
      deserializeWebviewPanel: async (panel) => {
        // Of two panels, the restored one goes.
        if (open !== undefined) panel.dispose();
        else adopt(panel);
      },
    }),
    // The panel itself stays: the editor brings it back after a reload.
    new vscode.Disposable(() => open?.dispose()),
  );
}

function createPanel(): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(
    roundsPanelType,
    vscode.l10n.t('GRPO rounds'),
    vscode.ViewColumn.Beside,
    { enableFindWidget: true },
  );
}
