import { diffView } from './diffView.ts';
import { formatGain, formatGainInterval } from './format.ts';
import { type Html, html } from './html.ts';
import { intervalGraphic, intervalScale } from './intervalGraphic.ts';
import type { ModuleStory, RunStory } from './runStory.ts';
import { table } from './table.ts';

/** What the developer is asked to keep: the parts with their own gains, then the diff. */
export function changesSection(story: RunStory): Html | null {
  const { modules, total } = story;
  const won = modules.filter(({ end }) => end?.patch !== undefined && end.patch !== null);
  if (total === undefined && won.length === 0) return null;
  const diffs =
    total === undefined
      ? won.map(
          ({ module, end }) => html`<h3>${module}</h3>
${diffView(end?.patch ?? '', true)}`,
        )
      : diffView(total.patch, true);
  return html`<section aria-labelledby="changes"><h2 id="changes">Changes</h2>
${won.map(partsTable)}${diffs}</section>
`;
}

function partsTable({ module, winner, end, ablations }: ModuleStory): Html {
  const parts = end?.parts ?? [];
  const dropped = ablations.filter(({ candidateId, kept }) => candidateId === winner?.id && !kept);
  const rows = [
    ...parts.map(({ part, cause, gain }) => ({ part, cause, gain, kept: true })),
    ...dropped.map(({ part, cause, gain }) => ({ part, cause, gain, kept: false })),
  ];
  const program = winner?.completion.text ?? '';
  if (rows.length === 0)
    return html`<p>${module}: <code>${program}</code></p>
`;
  const scale = intervalScale(rows.flatMap(({ gain }) => (gain === null ? [] : [gain])));
  return table(
    `Parts of the ${module} winner, each over the rest without it`,
    [
      { title: 'Part' },
      { title: 'Why it is faster' },
      { title: 'Own gain', numeric: true },
      { title: '95 % interval', numeric: true },
      { title: '', graphic: true },
      { title: '' },
    ],
    rows.map(({ part, cause, gain, kept }) => [
      html`<code class="name">${part}</code>`,
      html`<span class="cause">${cause}</span>`,
      gain === null ? 'not measured' : formatGain(gain.value),
      gain && formatGainInterval(gain),
      gain && intervalGraphic(gain, 'resident', scale),
      kept ? 'kept' : 'dropped: carries no measurable gain',
    ]),
  );
}
