import type { VersionSummary } from '../../src/protocol/grpo.ts';
import { button, el } from '../shared/dom.ts';
import { metricText } from './chart.ts';
import type { Words } from './words.ts';

/** The lineage, newest first, with a button for each version that could sample. */
export function versionList(
  versions: readonly VersionSummary[],
  words: Words,
  promote: (version: string) => void,
): HTMLElement {
  return el(
    'section',
    { class: 'versions', 'aria-labelledby': 'versions-heading' },
    el('h2', { id: 'versions-heading' }, words.text('versions')),
    el(
      'ul',
      { 'aria-labelledby': 'versions-heading' },
      ...versions.toReversed().map((summary) => {
        const { version, promoted, problem } = summary;
        const press = button(words.text('promote'), () => promote(version));
        press.setAttribute('aria-label', `${words.text('promote')} ${version}`);
        return el(
          'li',
          { class: promoted && 'promoted' },
          el('span', { class: 'name' }, version),
          el('span', { class: 'facts' }, factsOf(summary, words)),
          promoted || problem !== undefined ? null : press,
        );
      }),
    ),
  );
}

function factsOf({ parent, metrics, promoted, problem }: VersionSummary, words: Words): string {
  const facts = [
    promoted ? words.text('promoted') : '',
    problem === undefined ? '' : `${words.text('unusable')}: ${problem}`,
    parent === null && problem === undefined ? words.text('prior') : '',
    parent === null ? '' : words.text('fromVersion', parent),
    metrics === null
      ? ''
      : `${words.text('meanReward')} ${metricText('meanReward', metrics.meanReward, words)}`,
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}
