import type { CandidateView } from '../../../protocol/engine.ts';
import type { RejectionReason, Verdict } from '../../../protocol/verdict.ts';
import type { Localize } from '../../localize.ts';
import type { NodeIcon } from './node.ts';

export function reasonText(reason: RejectionReason, l10n: Localize): string {
  switch (reason) {
    case 'does-not-parse':
      return l10n.t('cannot be parsed');
    case 'does-not-apply':
      return l10n.t('does not apply');
    case 'does-not-compile':
      return l10n.t('does not compile');
    case 'crash':
      return l10n.t('crashes');
    case 'timeout':
      return l10n.t('too slow to finish');
    case 'memory':
      return l10n.t('too much memory');
    case 'wrong-answers':
      return l10n.t('wrong answers');
    case 'cheat':
      return l10n.t('cheats');
    case 'recall':
      return l10n.t('loses recall');
    case 'build-cost':
      return l10n.t('builds cost too much');
    case 'slower':
      return l10n.t('slower');
    case 'style':
      return l10n.t('not code to keep');
    case 'sanitizer':
      return l10n.t('undefined behaviour');
    case 'not-confirmed':
      return l10n.t('gain not confirmed');
  }
}

/** The outcome in a word or two; `active`: its run goes on, so that a verdict may still come. */
export function verdictWord({ verdict, won }: CandidateView, active: boolean, l10n: Localize): string {
  switch (verdict?.kind) {
    case undefined:
      return active ? l10n.t('pending') : l10n.t('not judged');
    case 'accepted':
      return won ? l10n.t('confirmed winner') : l10n.t('accepted');
    case 'rejected':
      return l10n.t('rejected');
    case 'failed':
      return l10n.t('failed');
    case 'cancelled':
      return l10n.t('cancelled');
  }
}

export function verdictIcon({ verdict, won }: CandidateView): NodeIcon {
  switch (verdict?.kind) {
    case undefined:
      return { name: 'circle-outline', colour: 'testing.iconQueued' };
    case 'accepted':
      return { name: won ? 'verified-filled' : 'pass', colour: 'testing.iconPassed' };
    case 'rejected':
      return { name: 'error', colour: 'testing.iconFailed' };
    case 'failed':
      return { name: 'warning', colour: 'testing.iconErrored' };
    case 'cancelled':
      return { name: 'circle-slash', colour: 'testing.iconSkipped' };
  }
}

/** What was found; undefined where there is nothing to tell. */
export function verdictDetail(verdict: Verdict | null): string | undefined {
  if (verdict?.kind === 'rejected') return verdict.detail;
  if (verdict?.kind === 'failed') return verdict.error;
  return undefined;
}
