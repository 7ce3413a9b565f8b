import type { CurvesState } from '../../src/protocol/curvesMessages.ts';
import type { CurvesStringKey } from '../../src/protocol/curvesStrings.ts';
import { checkbox, el } from '../shared/dom.ts';
import type { OptionalRole, View } from './view.ts';
import type { Words } from './words.ts';

export interface FilterEvents {
  readonly change: (change: Partial<CurvesState>) => void;
}

const manyKeys = {
  measured: 'manyMeasured',
  accepted: 'manyAccepted',
  candidate: 'manyCandidate',
  rejected: 'manyRejected',
} as const satisfies Record<OptionalRole, CurvesStringKey>;

/** Dataset, module, which kinds of curves, which runs. */
export class Filters {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #events: FilterEvents;
  readonly #dataset: HTMLSelectElement;
  readonly #module: HTMLSelectElement;
  readonly #roles: HTMLFieldSetElement;
  readonly #runs: HTMLFieldSetElement;
  readonly #signatures = new Map<Element, string>();
  /** As rendered last. */
  #state!: CurvesState;
  #view!: View;

  constructor(words: Words, events: FilterEvents) {
    this.#words = words;
    this.#events = events;
    this.#dataset = el('select', { id: 'dataset' });
    this.#module = el('select', { id: 'module' });
    this.#roles = el('fieldset', { class: 'roles' });
    this.#runs = el('fieldset', { class: 'runs' });
    this.#dataset.addEventListener('change', () => events.change({ dataset: this.#dataset.value }));
    this.#module.addEventListener('change', () => {
      const { value } = this.#module;
      events.change({ module: value === '' ? null : (value as CurvesState['module']) });
    });
    this.element = el(
      'search',
      { class: 'filters', 'aria-label': words.text('filters') },
      el('div', { class: 'field' }, el('label', { for: 'dataset' }, words.text('dataset')), this.#dataset),
      el('div', { class: 'field' }, el('label', { for: 'module' }, words.text('module')), this.#module),
      this.#roles,
      this.#runs,
    );
  }

  render(view: View, state: CurvesState): void {
    this.#options(
      this.#dataset,
      view.datasets.map((name) => [name, name]),
      view.dataset ?? '',
    );
    this.#options(
      this.#module,
      [
        ['', this.#words.text('allModules')],
        ...view.modules.map((name) => [name, this.#words.module(name)] as const),
        ...(state.module === null || view.modules.includes(state.module)
          ? []
          : [[state.module, this.#words.module(state.module)] as const]),
      ],
      state.module ?? '',
    );
    this.#roles.hidden = view.roles.length === 0;
    this.#boxes(
      this.#roles,
      this.#words.text('show'),
      view.roles.map(({ role, count, shown }) => ({
        id: role,
        label: [this.#words.text(manyKeys[role], this.#words.number(count))],
        shown,
        change: (checked) => ({ roles: { ...this.#state.roles, [role]: checked } }),
      })),
    );
    this.#boxes(
      this.#runs,
      this.#words.text('runs'),
      view.runs.map((run) => ({
        id: run.id,
        label: [
          el('span', { class: 'name' }, run.title),
          ' ',
          el('span', { class: 'facts' }, this.#runFacts(run)),
        ],
        shown: run.shown,
        change: (checked) => {
          // Runs that have no curve on this dataset stay chosen too.
          const chosen = this.#state.runs ?? this.#view.runs.filter(({ shown }) => shown).map(({ id }) => id);
          const others = chosen.filter((id) => id !== run.id);
          return { runs: checked ? [...others, run.id] : others };
        },
      })),
    );
    this.#state = state;
    this.#view = view;
  }

  #runFacts({ status, machine, compiler }: View['runs'][number]): string {
    return [this.#words.status(status), machine, compiler].filter((fact) => fact !== '').join(' \u00b7 ');
  }

  #options(
    select: HTMLSelectElement,
    options: readonly (readonly [value: string, label: string])[],
    value: string,
  ): void {
    if (this.#isNew(select, options)) {
      select.replaceChildren(...options.map(([option, label]) => el('option', { value: option }, label)));
    }
    select.value = value;
  }

  /** Checkboxes are made anew only where they differ, so that the focus stays. */
  #boxes(
    set: HTMLFieldSetElement,
    legend: string,
    boxes: readonly {
      readonly id: string;
      readonly label: readonly (Node | string)[];
      readonly shown: boolean;
      readonly change: (checked: boolean) => Partial<CurvesState>;
    }[],
  ): void {
    const texts = boxes.map(({ id, label }) => [
      id,
      label.map((part) => (typeof part === 'string' ? part : part.textContent)).join(''),
    ]);
    if (this.#isNew(set, texts)) {
      const focused = [...set.querySelectorAll('input')].find((input) => input === document.activeElement);
      const made = boxes.map(({ id, label, shown, change }) => {
        const box = checkbox(label, shown, (checked) => this.#events.change(change(checked)));
        box.querySelector('input')!.value = id;
        return box;
      });
      set.replaceChildren(el('legend', {}, legend), ...made);
      if (focused !== undefined)
        inputs(set)
          .find(({ value }) => value === focused.value)
          ?.focus();
    }
    for (const [i, input] of inputs(set).entries()) input.checked = boxes[i]?.shown ?? false;
  }

  #isNew(element: Element, content: unknown): boolean {
    const signature = JSON.stringify(content);
    if (this.#signatures.get(element) === signature) return false;
    this.#signatures.set(element, signature);
    return true;
  }
}

function inputs(set: HTMLFieldSetElement): HTMLInputElement[] {
  return [...set.querySelectorAll('input')];
}
