import type { ActiveRun } from '../feature.ts';
import type { Localize } from '../localize.ts';
import { activeTitle, howFar } from '../runText.ts';

export type Activity =
  | { readonly kind: 'run'; readonly run: ActiveRun }
  | { readonly kind: 'benchmark'; readonly far: string }
  | { readonly kind: 'idle'; readonly isStarting: boolean };

/** The text of the status-bar item. */
export function statusText(activity: Activity, l10n: Localize): string {
  switch (activity.kind) {
    case 'run': {
      const far = howFar(activity.run, l10n);
      const title = activeTitle(activity.run, l10n);
      return `$(sync~spin) ${title} ${far === '' ? activity.run.stage : far}`;
    }
    case 'benchmark':
      return `$(sync~spin) ${l10n.t('measuring')}${activity.far === '' ? '' : ` ${activity.far}`}`;
    case 'idle':
      return activity.isStarting ? '$(loading~spin) Annsmith' : '$(zap) Annsmith';
  }
}

/** The same in words, for a screen reader. */
export function statusLabel(activity: Activity, l10n: Localize): string {
  switch (activity.kind) {
    case 'run':
      return l10n.t('Annsmith: a run on {0} is going on', activeTitle(activity.run, l10n));
    case 'benchmark':
      return l10n.t('Annsmith: measuring the workspace');
    case 'idle':
      return l10n.t('Annsmith: show the candidates');
  }
}
