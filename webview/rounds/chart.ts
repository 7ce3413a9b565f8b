import { Chart } from 'chart.js';
import { chartOptions, paintTitles } from '../shared/chartOptions.ts';
import { el } from '../shared/dom.ts';
import type { Theme } from '../shared/editorTheme.ts';
import type { Metric, RoundPoint } from './view.ts';
import type { Words } from './words.ts';

/** Digits after the point; undefined for shares, which are percentages. */
const digits: Readonly<Record<Metric, number | undefined>> = {
  meanReward: 3,
  bestReward: 3,
  valid: undefined,
  kl: 4,
  clipFraction: undefined,
  entropy: 3,
};

export function metricText(metric: Metric, value: number, words: Words): string {
  const after = digits[metric];
  return after === undefined ? words.percent(value) : words.number(value, after);
}

/** One number of the rounds, over the rounds: filled points were promoted. */
export class MetricChart {
  readonly element: HTMLElement;
  readonly #chart: Chart<'scatter'>;
  readonly #theme: () => Theme;
  #points: readonly RoundPoint[] = [];
  #last = 1;

  constructor(metric: Metric, words: Words, theme: () => Theme) {
    this.#theme = theme;
    // The tables hold the same for who cannot see it.
    const canvas = el('canvas', { id: `chart-${metric}`, 'aria-hidden': 'true' });
    this.element = el(
      'figure',
      {},
      el('figcaption', {}, words.text(metric)),
      el('div', { class: 'chart' }, canvas),
    );
    const options = chartOptions(
      {
        x: words.text('round'),
        y: '',
        logarithmic: false,
        tick: (value) => metricText(metric, value, words),
        tooltip: ({ dataIndex }) => {
          const point = this.#points[dataIndex];
          if (point === undefined) return '';
          return words.text('roundOf', words.number(point.round), metricText(metric, point.value, words));
        },
      },
      theme,
    );
    const { x, y } = options.scales!;
    const named = (value: number | string): string | null => {
      const round = Number(value);
      return round >= 1 && round <= this.#last ? words.number(round) : null;
    };
    Object.assign(x!.ticks!, { precision: 0, callback: named });
    y!.title = { display: false };
    if (metric === 'valid' || metric === 'clipFraction') Object.assign(y!, { min: 0, max: 1 });
    this.#chart = new Chart(canvas, { type: 'scatter', data: { datasets: [] }, options });
  }

  draw(points: readonly RoundPoint[]): void {
    this.#points = points;
    const colour = (): string => this.#theme().palette[0]!;
    const fill = ({ dataIndex }: { dataIndex: number }): string =>
      this.#points[dataIndex]?.promoted === true ? colour() : this.#theme().surface;
    this.#last = points.at(-1)?.round ?? 1;
    // Room at both ends.
    Object.assign(this.#chart.options.scales!.x!, { min: 0, max: this.#last + 1 });
    this.#chart.resize();
    this.#chart.data.datasets = [
      {
        data: points.map(({ round, value }) => ({ x: round, y: value })),
        showLine: true,
        borderColor: colour,
        borderWidth: 2,
        pointBorderColor: colour,
        pointBackgroundColor: fill,
        pointHoverBackgroundColor: fill,
        pointRadius: 4,
        pointHoverRadius: 6,
        pointBorderWidth: 1.5,
      },
    ];
    this.#chart.update('none');
  }

  /** Takes on the theme's colours. */
  repaint(): void {
    paintTitles(this.#chart, this.#theme());
    this.#chart.update('none');
  }
}
