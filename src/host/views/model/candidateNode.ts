import type { CandidateView } from '../../../protocol/engine.ts';
import { formatGain } from '../../../protocol/numberText.ts';
import type { CommandTarget } from '../../feature.ts';
import { itemKinds } from '../../ids.ts';
import type { Localize } from '../../localize.ts';
import { formatEstimate } from './format.ts';
import { code, described, line, type TooltipPart, title, type ViewNode } from './node.ts';
import { reasonText, verdictDetail, verdictIcon, verdictWord } from './verdictText.ts';

/** Rows are clipped by the editor anyway; this keeps what a screen reader says bearable. */
const longestLabel = 100;

export interface CandidatePlace {
  readonly id: string;
  readonly target: CommandTarget;
  /** The run goes on. */
  readonly active: boolean;
}

export function candidateNode(candidate: CandidateView, place: CandidatePlace, l10n: Localize): ViewNode {
  const program = candidateLabel(candidate.summary, l10n);
  const outcome = outcomeText(candidate, place.active, l10n);
  const word = verdictWord(candidate, place.active, l10n);
  return {
    id: place.id,
    // What is ranked by stands first: in a narrow view the end of a row is cut off.
    label: outcome,
    description: program,
    tooltip: candidateTooltip(candidate, word, l10n),
    icon: verdictIcon(candidate),
    kind: candidate.hasPatch ? itemKinds.candidate : itemKinds.candidateEmpty,
    target: { ...place.target, module: candidate.module, candidate: candidate.id },
    spoken: `${word}: ${program}${outcome === word ? '' : `, ${outcome}`}`,
    children: [],
  };
}

/** An edit program without its closing `end`. */
export function candidateLabel(summary: string, l10n: Localize): string {
  const program = summary.trim().replace(/(^|;)\s*end;?$/, '');
  if (program === '') return l10n.t('No change');
  return program.length <= longestLabel ? program : `${program.slice(0, longestLabel - 1).trimEnd()}…`;
}

function outcomeText(candidate: CandidateView, active: boolean, l10n: Localize): string {
  const { verdict, gain, confirmed } = candidate;
  if (verdict?.kind === 'rejected') {
    const reason = `${reasonText(verdict.reason, l10n)} (${verdict.check})`;
    return described(reason, gain !== null && formatGain(gain.value));
  }
  if (verdict?.kind === 'accepted' && gain !== null) {
    return described(
      formatEstimate(gain),
      confirmed === true && l10n.t('confirmed'),
      confirmed === false && l10n.t('not confirmed'),
    );
  }
  return verdictWord(candidate, active, l10n);
}

function candidateTooltip(candidate: CandidateView, word: string, l10n: Localize): TooltipPart[] {
  const { id, verdict, gain, reward, confirmed, summary } = candidate;
  const parts = [title(`${id}: ${word}`)];
  if (verdict?.kind === 'rejected') {
    parts.push(line(l10n.t('Check {0}: {1}.', verdict.check, reasonText(verdict.reason, l10n))));
  }
  const detail = verdictDetail(verdict);
  if (detail !== undefined && detail !== '') parts.push(code(detail));
  if (gain !== null) parts.push(line(l10n.t('Gain {0}, 95 % interval.', formatEstimate(gain))));
  if (reward !== null) parts.push(line(l10n.t('Reward {0}.', reward.toFixed(3))));
  if (confirmed !== null) {
    parts.push(
      line(
        confirmed
          ? l10n.t('Confirmed by fresh processes, a fresh seed and held-out queries.')
          : l10n.t('Fresh processes, a fresh seed and held-out queries did not confirm it.'),
      ),
    );
  }
  parts.push(code(summary));
  return parts;
}
