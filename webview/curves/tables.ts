import type { CurveSeries } from '../../src/protocol/engine.ts';
import { el } from '../shared/dom.ts';
import { type Cells, table } from '../shared/table.ts';
import type { Curve } from './plot.ts';
import type { View } from './view.ts';
import type { Words } from './words.ts';

/** Everything that the chart shows, as tables: the curves, their points, their intervals. */
export class Tables {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #content: HTMLElement;
  readonly #toggle: HTMLButtonElement;

  constructor(words: Words, toggled: () => void) {
    this.#words = words;
    this.#content = el('div', { id: 'tables-content' });
    this.#toggle = el(
      'button',
      { type: 'button', class: 'secondary', 'aria-controls': 'tables-content' },
      words.text('showTables'),
    );
    this.#toggle.addEventListener('click', toggled);
    this.element = el(
      'section',
      { class: 'tables', 'aria-labelledby': 'tables-heading' },
      el('div', { class: 'bar' }, el('h2', { id: 'tables-heading' }, words.text('tables')), this.#toggle),
      this.#content,
    );
  }

  /** Switched off, the tables are out of sight but still there for a screen reader. */
  show(visible: boolean): void {
    this.#toggle.setAttribute('aria-pressed', String(visible));
    this.#content.classList.toggle('out-of-sight', !visible);
    // What is out of sight must not take the focus.
    for (const region of this.#content.querySelectorAll<HTMLElement>('.scroll')) {
      region.tabIndex = visible ? 0 : -1;
    }
  }

  render(curves: readonly Curve[], view: View): void {
    const words = this.#words;
    const nameOf = this.#namer(view);
    this.#content.replaceChildren(
      table(
        words.text('tableCurves', view.dataset ?? ''),
        [
          { title: words.text('columnCurve') },
          { title: words.text('columnRole') },
          { title: words.text('factGain'), numeric: true },
          { title: words.text('columnInterval'), numeric: true },
          { title: words.text('factBuild'), numeric: true },
          { title: words.text('factMemory'), numeric: true },
          { title: words.text('factTiming') },
          { title: words.text('factMachine') },
          { title: words.text('factCompiler') },
        ],
        curves.map(({ series }) => this.#curveCells(series, nameOf(series), view)),
      ),
      table(
        words.text('tablePoints', view.dataset ?? ''),
        [
          { title: words.text('columnCurve') },
          { title: words.text('columnEf'), numeric: true },
          { title: words.text('recall'), numeric: true },
          { title: words.text('qps'), numeric: true },
          { title: words.text('columnFrontier') },
        ],
        curves.flatMap(({ series, points, corners }) =>
          points.map((point) => [
            nameOf(series),
            words.number(point.ef),
            words.recall(point.recall),
            words.qps(point.qps),
            words.text(corners.has(point) ? 'yes' : 'no'),
          ]),
        ),
      ),
      table(
        words.text('tableIntervals', view.dataset ?? ''),
        [
          { title: words.text('columnCurve') },
          { title: words.text('recall'), numeric: true },
          { title: words.text('qps'), numeric: true },
          { title: words.text('columnLow'), numeric: true },
          { title: words.text('columnHigh'), numeric: true },
        ],
        curves.flatMap(({ series }) =>
          series.intervals.map(({ recall, value, low, high }) => [
            nameOf(series),
            words.chosenRecall(recall),
            words.qps(value),
            words.qps(low),
            words.qps(high),
          ]),
        ),
      ),
    );
    this.show(this.#toggle.getAttribute('aria-pressed') === 'true');
  }

  #curveCells(series: CurveSeries, name: string, view: View): Cells {
    const words = this.#words;
    const { gain, costs } = series;
    const run = view.runs.find(({ id }) => id === series.run);
    return [
      name,
      words.role(series.role),
      gain === null ? '' : words.gain(gain.value),
      gain === null ? '' : words.text('lowToHigh', words.gain(gain.low), words.gain(gain.high)),
      costs === null ? '' : words.seconds(costs.buildCpuSeconds + costs.prepareCpuSeconds),
      costs === null ? '' : words.mebibytes(costs.anonymousBytes),
      words.timing(series.mode),
      run?.machine ?? '',
      run?.compiler ?? '',
    ];
  }

  /** Curves of several runs are told apart by the run's title. */
  #namer(view: View): (series: CurveSeries) => string {
    const shown = view.runs.filter((run) => run.shown);
    if (shown.length < 2) return ({ name }) => name;
    const titles = new Map(shown.map(({ id, title }) => [id, title]));
    return ({ name, run }) => `${name} (${titles.get(run) ?? run})`;
  }
}
