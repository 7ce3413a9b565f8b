import type { ExportFormat } from '../../src/protocol/curvesMessages.ts';
import { button, el } from '../shared/dom.ts';
import type { Theme } from '../shared/editorTheme.ts';
import { type ChartEvents, CurvesChart } from './chart.ts';
import type { Plot } from './plot.ts';
import type { View } from './view.ts';
import type { Words } from './words.ts';

export interface FigureEvents extends ChartEvents {
  /** Keys while the chart has the focus. */
  readonly stepped: (step: -1 | 1 | 'first' | 'last') => void;
  readonly moved: (step: -1 | 1) => void;
  readonly exported: (format: ExportFormat) => void;
}

/** The chart with its caption, the buttons that export it, and its keys. */
export class Figure {
  readonly element: HTMLElement;
  readonly chart: CurvesChart;
  readonly #words: Words;
  readonly #caption: HTMLElement;
  readonly #area: HTMLElement;
  readonly #nothing: HTMLElement;

  constructor(words: Words, theme: () => Theme, events: FigureEvents) {
    this.#words = words;
    const canvas = el('canvas', { id: 'chart', 'aria-hidden': 'true' });
    this.#area = el(
      'div',
      {
        class: 'chart',
        tabindex: 0,
        // Arrow keys are the chart's own; a screen reader passes them on.
        role: 'application',
        'aria-label': words.text('chart'),
        'aria-describedby': 'chart-hint',
      },
      canvas,
    );
    this.#area.addEventListener('keydown', (event) => this.#key(event, events));
    this.#nothing = el('div', {});
    this.#caption = el('figcaption', { id: 'chart-caption' });
    const exports = el(
      'div',
      { class: 'buttons', role: 'group', 'aria-label': words.text('exports') },
      button(words.text('exportPng'), () => events.exported('png')),
      button(words.text('exportSvg'), () => events.exported('svg')),
      button(words.text('exportCsv'), () => events.exported('csv')),
    );
    this.element = el(
      'figure',
      { 'aria-labelledby': 'chart-caption' },
      this.#area,
      this.#nothing,
      this.#caption,
      el('p', { id: 'chart-hint', class: 'hint' }, words.text('chartHint')),
      exports,
    );
    this.chart = new CurvesChart(canvas, words, theme, events);
  }

  /** `nothing` stands in the chart's place where no curve is shown. */
  render(plot: Plot, view: View, nothing: () => HTMLElement): void {
    const empty = plot.curves.length === 0;
    this.#area.hidden = empty;
    for (const control of this.element.querySelectorAll<HTMLButtonElement>('[role="group"] button')) {
      control.disabled = empty;
    }
    if (empty !== this.#nothing.hasChildNodes()) this.#nothing.replaceChildren(...(empty ? [nothing()] : []));
    this.#caption.textContent = this.captionOf(view);
    this.chart.draw(plot);
  }

  captionOf({ dataset, windows }: View): string {
    const words = this.#words;
    const shaded = windows.map(([low, high]) =>
      words.text('chartWindow', words.chosenRecall(low), words.chosenRecall(high)),
    );
    return [words.text('chartCaption', dataset ?? ''), ...shaded].join(' ');
  }

  #key(event: KeyboardEvent, events: FigureEvents): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case 'ArrowLeft':
        events.stepped(-1);
        break;
      case 'ArrowRight':
        events.stepped(1);
        break;
      case 'Home':
        events.stepped('first');
        break;
      case 'End':
        events.stepped('last');
        break;
      case 'ArrowUp':
        events.moved(-1);
        break;
      case 'ArrowDown':
        events.moved(1);
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
