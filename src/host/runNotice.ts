import * as vscode from 'vscode';
import type { ModuleName } from '../protocol/module.ts';
import { EngineUnavailable } from './engine/errors.ts';
import type { CommandTarget, Runs } from './feature.ts';
import { roundText } from './grpo/roundText.ts';
import { commands } from './ids.ts';
import { reportError } from './reportError.ts';
import type { RunEnd } from './runs.ts';
import { gainText, modulesTitle } from './runText.ts';

interface EndedRun {
  readonly end: RunEnd;
  readonly root: string;
  readonly run: string | undefined;
  readonly modules: readonly ModuleName[];
  readonly runs: Runs;
  readonly log: vscode.LogOutputChannel;
}

/** Says how a run ended where that is news: what was cancelled is none, and a crash is told when it can be resumed. */
export async function announce({ end, root, run, modules, runs, log }: EndedRun): Promise<void> {
  if (end.kind === 'done') {
    await announceOutcome(root, modules, end);
    return;
  }
  if (end.kind === 'trained') {
    await announceRounds(end);
    return;
  }
  if (end.kind === 'stopped' && end.isTraining) {
    const again = vscode.l10n.t('Go On');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t('The GRPO round was interrupted. The next one goes on from there.'),
      again,
    );
    if (answer === again) await vscode.commands.executeCommand(commands.runGrpoRound, { root });
    return;
  }
  if (end.kind !== 'failed' || end.error instanceof EngineUnavailable) return;
  const resume = vscode.l10n.t('Resume');
  const answer = await reportError(log, end.error, ...(run === undefined ? [] : [resume]));
  if (answer !== resume || run === undefined) return;
  await runs.resume(root, run).catch((error: unknown) => reportError(log, error));
}

async function announceRounds({ report }: Extract<RunEnd, { readonly kind: 'trained' }>): Promise<void> {
  const last = report.rounds.at(-1);
  if (last === undefined) return;
  const show = vscode.l10n.t('Show Rounds');
  const answer = await vscode.window.showInformationMessage(roundText(last, vscode.l10n), show);
  if (answer === show) await vscode.commands.executeCommand(commands.showRounds);
}

async function announceOutcome(
  root: string,
  modules: readonly ModuleName[],
  { outcome: { run, gain, speedup } }: Extract<RunEnd, { readonly kind: 'done' }>,
): Promise<void> {
  const review = vscode.l10n.t('Review');
  const curves = vscode.l10n.t('Show Curves');
  const answer =
    gain === null
      ? await vscode.window.showInformationMessage(
          vscode.l10n.t(
            '{0}: no gain was confirmed. The code stays as it is.',
            modulesTitle(modules, vscode.l10n),
          ),
          curves,
        )
      : await vscode.window.showInformationMessage(
          gainText(modules, gain, speedup, vscode.l10n),
          review,
          curves,
        );
  const target: CommandTarget = { root, run, candidate: 'best' };
  if (answer === review) await vscode.commands.executeCommand(commands.reviewCandidate, target);
  if (answer === curves) await vscode.commands.executeCommand(commands.showCurves, { root, run });
}
