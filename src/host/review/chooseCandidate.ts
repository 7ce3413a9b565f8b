import * as vscode from 'vscode';
import type { CommandTarget, Store } from '../feature.ts';
import { commands } from '../ids.ts';
import { formatEstimate, formatTime } from '../views/model/format.ts';
import type { CandidateRef } from './session.ts';

interface Item extends vscode.QuickPickItem {
  readonly ref: CandidateRef;
}

/** The candidate that a command is about; asks where its target does not say. */
export async function chooseCandidate(
  { root, run, candidate, module }: CommandTarget,
  store: Store,
): Promise<CandidateRef | undefined> {
  if (root !== undefined && run !== undefined) return { root, run, candidate: candidate ?? module ?? 'best' };
  const workspaces = store.workspaces.filter((workspace) => root === undefined || workspace.root === root);
  for (const workspace of workspaces) {
    const best = workspace.modules.find((other) => other.module === module)?.best;
    if (best != null) return { root: workspace.root, run: best.run, candidate: best.candidate };
  }
  const items = workspaces.flatMap((workspace) => candidateItems(workspace.root, store));
  if (items.length === 0) {
    const optimize = vscode.l10n.t('Optimize Module…');
    const message = vscode.l10n.t('There is no candidate to look at yet.');
    const answer = await vscode.window.showInformationMessage(message, optimize);
    if (answer === optimize) await vscode.commands.executeCommand(commands.optimizeModule);
    return undefined;
  }
  const placeHolder = vscode.l10n.t('Candidate to look at');
  return (await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.ref;
}

/** Newest run first, best candidate first. */
function candidateItems(root: string, store: Store): Item[] {
  return store.runsOf(root).flatMap((run) => {
    const at = formatTime(run.at);
    const best: Item[] =
      run.gain === null
        ? []
        : [
            {
              label: vscode.l10n.t('$(star) Everything of the run together'),
              description: `${at} · ${formatEstimate(run.gain)}`,
              ref: { root, run: run.id, candidate: 'best' },
            },
          ];
    const candidates = run.groups
      .flatMap((group) => group.candidates)
      .filter(({ hasPatch, verdict }) => hasPatch && verdict?.kind === 'accepted')
      .toSorted((a, b) => (b.gain?.value ?? 0) - (a.gain?.value ?? 0))
      .map(
        ({ id, module, gain, summary }): Item => ({
          label: `${module}: ${id}`,
          description: gain === null ? at : `${at} · ${formatEstimate(gain)}`,
          detail: summary,
          ref: { root, run: run.id, candidate: id },
        }),
      );
    return [...best, ...candidates];
  });
}
