import type { FinalTrial } from '../../protocol/ledger.ts';
import type { CurvePoint, RecallWindow } from '../../protocol/measurement.ts';
import type { ReportChart } from '../../protocol/report.ts';
import { confirmedCurves, speedupChart } from './charts.ts';
import {
  formatMeasuredRecall,
  formatQps,
  formatRatio,
  formatRatioInterval,
  formatRecall,
  upperFirst,
} from './format.ts';
import { type Html, html } from './html.ts';
import type { RunStory } from './runStory.ts';
import { table } from './table.ts';

/** Markup with the charts that its canvases are for. */
export interface Charted {
  readonly markup: Html;
  readonly charts: readonly ReportChart[];
}

export const modeWords = {
  paired: 'paired timing (short alternating chunks)',
  resident: 'resident timing (each side at home in the cache)',
} as const;

/** Recall window of a dataset of the run. */
export function windowOf({ run }: RunStory, dataset: string): RecallWindow {
  return run.datasets.find(({ name }) => name === dataset)?.window ?? [0, 1];
}

/** A canvas with its accessible name; `figcaption` and the table beside it say the same in words. */
export function chartFigure(id: string, label: string, caption: Html, height: 'high' | 'low' = 'high'): Html {
  return html`<figure><div class="chart ${height}"><canvas id="${id}" role="img" aria-label="${label}" aria-describedby="${id}-table"></canvas></div>
<figcaption>${caption}</figcaption></figure>
`;
}

/** The confirmed curves, one pair of charts per dataset. */
export function curvesSection(story: RunStory, trials: readonly FinalTrial[]): Charted {
  const parts = trials.map((trial, i) => datasetCurves(story, trial, i));
  return {
    markup: html`<section aria-labelledby="curves"><h2 id="curves">Curves</h2>
${parts.map(({ markup }) => markup)}</section>
`,
    charts: parts.flatMap(({ charts }) => charts),
  };
}

function datasetCurves(story: RunStory, trial: FinalTrial, index: number): Charted {
  const { dataset, heldOut, comparison } = trial;
  const window = windowOf(story, dataset);
  const [low, high] = window.map(formatRecall);
  const curvesId = `curve-${index}`;
  const speedupId = `speedup-${index}`;
  const markup = html`<h3>${dataset}${heldOut ? html` <span class="muted">held out</span>` : null}</h3>
<div class="beside">
${chartFigure(
  curvesId,
  `QPS over recall on ${dataset}, before and after`,
  html`Queries per second of one thread (logarithmic) over recall@${story.run.k}; up and to the right is better. Shaded: the recall window, ${low} to ${high}. ${upperFirst(modeWords[comparison.mode])}.`,
)}
<div id="${curvesId}-table">${pointTable(`Measured points on ${dataset}`, [
    ['before', comparison.reference],
    ['after', comparison.candidate],
  ])}</div>
</div>
<div class="beside">
${chartFigure(
  speedupId,
  `Speed-up over recall on ${dataset}`,
  html`How many times as many queries per second, at equal recall, with 95&nbsp;% intervals.`,
  'low',
)}
<div id="${speedupId}-table">${speedupTable(trial)}</div>
</div>
`;
  return {
    markup,
    charts: [confirmedCurves(curvesId, trial, window), speedupChart(speedupId, trial, window)],
  };
}

export function pointTable(
  caption: string,
  series: readonly (readonly [name: string, points: readonly CurvePoint[]])[],
): Html {
  return table(
    caption,
    [
      { title: 'Curve' },
      { title: 'ef', numeric: true },
      { title: 'Recall', numeric: true },
      { title: 'QPS', numeric: true },
    ],
    series.flatMap(([name, points]) =>
      [...points]
        .sort((a, b) => a.recall - b.recall || a.ef - b.ef)
        .map(({ ef, recall, qps }) => [name, ef, formatMeasuredRecall(recall), formatQps(qps)]),
    ),
  );
}

function speedupTable({ dataset, comparison }: FinalTrial): Html {
  return table(
    `Speed-up at equal recall on ${dataset}`,
    [
      { title: 'Recall' },
      { title: 'QPS before', numeric: true },
      { title: 'QPS after', numeric: true },
      { title: 'Speed-up', numeric: true },
      { title: '95 % interval', numeric: true },
    ],
    comparison.speedupAt.map(({ recall, ratio, referenceQps, candidateQps }) => [
      formatRecall(recall),
      formatQps(referenceQps),
      formatQps(candidateQps),
      formatRatio(ratio.value),
      formatRatioInterval(ratio),
    ]),
  );
}
