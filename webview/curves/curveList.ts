import type { CurveSeries } from '../../src/protocol/engine.ts';
import { el } from '../shared/dom.ts';
import { swatch } from './swatch.ts';
import type { View } from './view.ts';
import type { Words } from './words.ts';

export interface CurveListEvents {
  readonly chosen: (id: string) => void;
  readonly toggled: (id: string, shown: boolean) => void;
  /** The pointer is over the curve's row; null: over none. */
  readonly hovered: (id: string | null) => void;
  /** From one measured point of the curve to another. */
  readonly stepped: (id: string, step: -1 | 1 | 'first' | 'last') => void;
}

interface Row {
  readonly id: string;
  readonly item: HTMLLIElement;
  readonly box: HTMLInputElement;
  readonly button: HTMLButtonElement;
}

const pointSteps: Readonly<Record<string, -1 | 1 | 'first' | 'last'>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  Home: 'first',
  End: 'last',
};

/**
 * The curves as a list that is the chart's legend: a checkbox shows or hides one, its button chooses it. One row is in
 * the tab order; up and down go from row to row, left and right from point to point of the row's curve.
 */
export class CurveList {
  readonly element: HTMLElement;
  readonly #list: HTMLUListElement;
  readonly #words: Words;
  readonly #events: CurveListEvents;
  #rows: readonly Row[] = [];
  #signature = '';

  constructor(words: Words, events: CurveListEvents) {
    this.#words = words;
    this.#events = events;
    this.#list = el('ul', { 'aria-labelledby': 'curves-heading', 'aria-describedby': 'curves-hint' });
    this.element = el(
      'section',
      { class: 'curves', 'aria-labelledby': 'curves-heading' },
      el('h2', { id: 'curves-heading' }, words.text('curves')),
      el('p', { id: 'curves-hint', class: 'hint' }, words.text('curvesHint')),
      this.#list,
    );
    this.#list.addEventListener('keydown', (event) => this.#key(event));
    this.#list.addEventListener('pointerleave', () => events.hovered(null));
  }

  render(view: View, slots: ReadonlyMap<string, number>): void {
    const runNames = new Map(view.runs.map(({ id, title }) => [id, title]));
    const several = view.runs.filter(({ shown }) => shown).length > 1;
    const texts = view.listed.map((series) =>
      this.#texts(series, several ? runNames.get(series.run) : undefined),
    );
    const signature = JSON.stringify(
      view.listed.map(({ id, role, mode }, i) => [id, role, mode, slots.get(id), texts[i]]),
    );
    if (signature !== this.#signature) {
      this.#signature = signature;
      const focused = this.#rows.find(({ item }) => item.contains(document.activeElement));
      const onBox = focused?.box === document.activeElement;
      this.#rows = view.listed.map((series, i) => this.#row(series, slots.get(series.id), texts[i]!));
      this.#list.replaceChildren(...this.#rows.map(({ item }) => item));
      const again = this.#rows.find(({ id }) => id === focused?.id);
      if (again !== undefined) (onBox ? again.box : again.button).focus();
    }
    const shown = new Set(view.shown.map(({ id }) => id));
    const current = view.selected?.id ?? this.#rows[0]?.id;
    for (const { id, box, button, item } of this.#rows) {
      box.checked = shown.has(id);
      const chosen = id === view.selected?.id;
      button.setAttribute('aria-pressed', String(chosen));
      item.classList.toggle('chosen', chosen);
      for (const control of [box, button]) control.tabIndex = id === current ? 0 : -1;
    }
  }

  highlight(id: string | null): void {
    for (const row of this.#rows) row.item.classList.toggle('highlighted', row.id === id);
  }

  #texts(series: CurveSeries, run: string | undefined): { readonly name: string; readonly facts: string } {
    const words = this.#words;
    const facts = [
      words.role(series.role) === series.name ? undefined : words.role(series.role),
      series.module === null ? undefined : words.module(series.module),
      series.gain === null ? undefined : words.gainWithInterval(series.gain),
      series.mode === 'paired' ? words.timing(series.mode) : undefined,
      run,
    ];
    return { name: series.name, facts: facts.filter((fact) => fact !== undefined).join(' \u00b7 ') };
  }

  #row(series: CurveSeries, slot: number | undefined, { name, facts }: { name: string; facts: string }): Row {
    const { id } = series;
    const box = el('input', { type: 'checkbox', 'aria-label': this.#words.text('showCurve', name) });
    box.addEventListener('change', () => this.#events.toggled(id, box.checked));
    const button = el(
      'button',
      { type: 'button', class: 'curve' },
      swatch(series, slot),
      el('span', { class: 'name' }, name),
      ' ',
      el('span', { class: 'facts' }, facts),
    );
    button.addEventListener('click', () => this.#events.chosen(id));
    // What has the focus is chosen, so that its details stay while the focus goes on to them.
    button.addEventListener('focus', () => this.#events.chosen(id));
    const item = el('li', {}, box, button);
    item.addEventListener('pointerenter', () => this.#events.hovered(id));
    return { id, item, box, button };
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = this.#rows.findIndex(({ item }) => item.contains(event.target as Node));
    const row = this.#rows[index];
    if (row === undefined) return;
    const onBox = event.target === row.box;
    const rows = { ArrowUp: index - 1, ArrowDown: index + 1 }[event.key];
    const points = pointSteps[event.key];
    if (rows !== undefined) {
      const next = this.#rows[rows];
      (onBox ? next?.box : next?.button)?.focus();
      if (onBox && next !== undefined) this.#events.chosen(next.id);
    } else if (points !== undefined && !onBox) this.#events.stepped(row.id, points);
    else return;
    event.preventDefault();
  }
}
