import { join } from 'node:path';
import { env, l10n, Range, Uri, window } from 'vscode';
import type { CommandTarget, Store } from '../feature.ts';

const shownFor = 3000;

/** Reveals the region's first line. */
export async function goToRegion({ root, file, line = 1 }: CommandTarget): Promise<void> {
  if (root === undefined || file === undefined) return;
  const start = new Range(line - 1, 0, line - 1, 0);
  await window.showTextDocument(Uri.file(join(root, file)), { selection: start, preview: true });
}

/** Copies the candidate's completion. */
export async function copyProgram(store: Store, { root, run, candidate }: CommandTarget): Promise<void> {
  const found = store
    .runsOf(root ?? '')
    .find(({ id }) => id === run)
    ?.groups.flatMap(({ candidates }) => candidates)
    .find(({ id }) => id === candidate);
  if (found === undefined) return;
  await env.clipboard.writeText(found.summary);
  window.setStatusBarMessage(l10n.t('$(check) Completion copied'), shownFor);
}
