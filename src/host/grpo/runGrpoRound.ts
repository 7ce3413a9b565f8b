import * as vscode from 'vscode';
import { pickWorkspace } from '../commands/pickWorkspace.ts';
import type { CommandTarget, FeatureContext } from '../feature.ts';

/** What to do, for a program that does not want the user asked. */
export type GrpoTarget = CommandTarget & {
  readonly grpo?: 'online' | 'offline';
  readonly rounds?: number;
};

type Choice = vscode.QuickPickItem & { readonly grpo: 'online' | 'offline'; readonly rounds: number };

/** Asks how, and starts the rounds as a task. */
export async function runGrpoRound(context: FeatureContext, target: GrpoTarget): Promise<void> {
  const workspace = await pickWorkspace(context, target.root);
  if (workspace === undefined) return;
  const { grpo, rounds = 1 } = target;
  const choice = grpo === undefined ? await ask() : { grpo, rounds };
  if (choice === undefined) return;
  await context.runs.train(workspace.root, { grpo: choice.grpo, rounds: choice.rounds });
}

async function ask(): Promise<Choice | undefined> {
  const { l10n } = vscode;
  const detail = l10n.t(
    'Samples groups with the version that samples now, measures them, and updates it once.',
  );
  const items: Choice[] = [
    { label: l10n.t('One round'), detail, grpo: 'online', rounds: 1 },
    { label: l10n.t('Three rounds'), detail, grpo: 'online', rounds: 3 },
    { label: l10n.t('Ten rounds'), detail, grpo: 'online', rounds: 10 },
    {
      label: l10n.t('One update from what is logged'),
      detail: l10n.t(
        'Uses the runs of this folder by the version that samples now; then a group is measured to compare.',
      ),
      grpo: 'offline',
      rounds: 1,
    },
  ];
  return vscode.window.showQuickPick(items, {
    title: l10n.t('Run GRPO Round'),
    placeHolder: l10n.t('What the policy learns from; a version that is worse is not promoted'),
    matchOnDetail: true,
  });
}
