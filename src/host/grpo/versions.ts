import * as vscode from 'vscode';
import type { PolicyState } from '../../protocol/engine.ts';
import type { FeatureContext } from '../feature.ts';

const shownMs = 5000;

/** Lets a version sample: the one that is meant, else one that is picked. */
export async function promoteVersion(context: FeatureContext, version: string | undefined): Promise<void> {
  const chosen = version ?? (await pick(context));
  if (chosen === undefined) return;
  say(await context.engine.request('annsmith/promote', { version: chosen }));
}

/** Back to the version that sampled before. */
export async function rollBackVersion({ engine }: FeatureContext): Promise<void> {
  say(await engine.request('annsmith/rollBack', {}));
}

function say({ versions }: PolicyState): void {
  const promoted = versions.find((version) => version.promoted)?.version;
  if (promoted === undefined) return;
  const text = vscode.l10n.t('{0} samples from now on', promoted);
  vscode.window.setStatusBarMessage(`$(pass-filled) ${text}`, shownMs);
}

async function pick({ engine }: FeatureContext): Promise<string | undefined> {
  const { versions } = await engine.request('annsmith/policies', {});
  const items = versions
    .filter(({ promoted, problem }) => !promoted && problem === undefined)
    .toReversed()
    .map(({ version, metrics }) => ({
      label: version,
      description:
        metrics === null
          ? vscode.l10n.t('published prior')
          : vscode.l10n.t('mean reward {0}', metrics.meanReward.toFixed(3)),
    }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('There is no other version yet: "Annsmith: Run GRPO Round" trains one.'),
    );
    return undefined;
  }
  const title = vscode.l10n.t('Promote Version');
  return (await vscode.window.showQuickPick(items, { title }))?.label;
}
