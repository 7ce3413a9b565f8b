import type { FinalTrial } from '../../protocol/ledger.ts';
import {
  formatGain,
  formatGainInterval,
  formatNumber,
  formatRatio,
  formatRecall,
  formatSeconds,
} from './format.ts';
import { type Html, html } from './html.ts';
import { intervalGraphic, intervalScale } from './intervalGraphic.ts';
import type { RunStory } from './runStory.ts';
import { table } from './table.ts';

/** Gains by module, where there are several. */
export function moduleTable({ modules }: RunStory): Html | null {
  if (modules.length < 2) return null;
  const gains = modules.flatMap(({ winner }) => (winner?.confirmation ? [winner.confirmation.gain] : []));
  const scale = intervalScale(gains);
  return table(
    'By module, each over the state before it',
    [
      { title: 'Module' },
      { title: 'Winner' },
      { title: 'Gain', numeric: true },
      { title: '95 % interval', numeric: true },
      { title: '', graphic: true },
      { title: 'Candidates', numeric: true },
      { title: 'Took', numeric: true },
    ],
    modules.map(({ module, winner, candidates, end }) => {
      const gain = winner?.confirmation?.gain;
      return [
        module,
        winner?.id ?? (end === undefined ? 'not done yet' : 'none confirmed'),
        gain && formatGain(gain.value),
        gain && formatGainInterval(gain),
        gain && intervalGraphic(gain, 'resident', scale),
        formatNumber(candidates.length),
        end && formatSeconds(end.seconds),
      ];
    }),
  );
}

/** Gains by dataset, where there are several. */
export function datasetTable({ run }: RunStory, trials: readonly FinalTrial[]): Html | null {
  if (trials.length < 2) return null;
  const scale = intervalScale(trials.map(({ comparison }) => comparison.logRatio));
  return table(
    'By dataset',
    [
      { title: 'Dataset' },
      { title: 'Vectors', numeric: true },
      { title: 'Metric' },
      { title: 'Recall window' },
      { title: 'Gain', numeric: true },
      { title: '95 % interval', numeric: true },
      { title: '', graphic: true },
      { title: 'At the window\u2019s edges' },
    ],
    trials.map(({ dataset, heldOut, comparison }) => {
      const facts = run.datasets.find(({ name }) => name === dataset);
      const { logRatio, speedupAt } = comparison;
      const [low, high] = facts?.window ?? [0, 0];
      const edges = speedupAt.filter(
        ({ recall }) => Math.abs(recall - low) < 1e-9 || Math.abs(recall - high) < 1e-9,
      );
      return [
        html`${dataset}${heldOut ? html` <span class="muted">(held out)</span>` : null}`,
        facts && html`${formatNumber(facts.n)} &times; ${facts.dim}`,
        facts?.metric,
        facts && `${formatRecall(low)} to ${formatRecall(high)}`,
        formatGain(logRatio.value),
        formatGainInterval(logRatio),
        intervalGraphic(logRatio, comparison.mode, scale),
        edges.map(({ ratio }) => formatRatio(ratio.value)).join(', '),
      ];
    }),
  );
}
