import type { PolicyState } from '../../src/protocol/engine.ts';
import { type ModuleName, moduleNames } from '../../src/protocol/module.ts';
import type {
  RoundsAction,
  RoundsState,
  RoundsToHost,
  RoundsToPage,
} from '../../src/protocol/roundsMessages.ts';
import { button, el } from '../shared/dom.ts';
import type { Editor } from '../shared/editor.ts';
import { onThemeChange, readTheme, type Theme } from '../shared/editorTheme.ts';
import { errorState } from '../shared/errorState.ts';
import { KeptScroll } from '../shared/keptScroll.ts';
import { MetricChart } from './chart.ts';
import { roundTables } from './tables.ts';
import { versionList } from './versions.ts';
import { metrics, pointsOf } from './view.ts';
import type { Words } from './words.ts';

type Init = Extract<RoundsToPage, { type: 'init' }>;
type Failure = Extract<RoundsToPage, { type: 'error' }>;

/** The page: a function of the data and of the module that was chosen, which is kept by the editor. */
export class Page {
  readonly #words: Words;
  readonly #editor: Editor<RoundsToHost, RoundsState>;
  readonly #notice = el('div');
  readonly #loading: HTMLElement;
  readonly #samples = el('p', { class: 'samples', role: 'status' });
  readonly #content = el('div', { class: 'content' });
  readonly #tables = el('div');
  readonly #versions = el('div');
  readonly #scroll: KeptScroll;
  readonly #charts: readonly (readonly [(typeof metrics)[number], MetricChart])[];
  #theme: Theme = readTheme();
  #state: RoundsState;
  #data: PolicyState | undefined;
  #trusted = true;
  #failure: Failure | undefined;

  constructor(body: HTMLElement, words: Words, editor: Editor<RoundsToHost, RoundsState>) {
    this.#words = words;
    this.#editor = editor;
    this.#state = editor.kept() ?? { version: 1, module: null, scroll: 0 };
    this.#loading = el('p', { class: 'hint' }, words.text('loading'));
    this.#charts = metrics.map((metric) => [metric, new MetricChart(metric, words, () => this.#theme)]);
    this.#content.append(
      el(
        'div',
        { class: 'buttons' },
        button(words.text('runRound'), () => this.#act('run'), 'primary'),
        button(words.text('rollBack'), () => this.#act('rollBack')),
      ),
      this.#moduleField(),
      el(
        'section',
        { class: 'charts', 'aria-label': words.text('charts') },
        ...this.#charts.map(([, chart]) => chart.element),
      ),
      el('p', { class: 'hint' }, words.text('hint')),
      this.#tables,
    );
    const main = el(
      'main',
      { id: 'app' },
      el('h1', {}, words.text('heading')),
      this.#notice,
      this.#loading,
      this.#samples,
      this.#content,
      this.#versions,
    );
    body.querySelector('main')?.replaceWith(main);
    onThemeChange(() => {
      this.#theme = readTheme();
      for (const [, chart] of this.#charts) chart.repaint();
    });
    this.#scroll = new KeptScroll((scroll) => this.#keep({ scroll }));
    this.#render();
    editor.keep(this.#state);
  }

  take(message: Exclude<RoundsToPage, Init>): void {
    if (message.type === 'error') {
      this.#failure = message;
    } else {
      this.#data = message.data;
      this.#trusted = message.trusted;
      this.#failure = undefined;
    }
    this.#render();
    if (!this.#content.hidden) this.#scroll.restore(this.#state.scroll);
  }

  #keep(change: Partial<RoundsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#editor.keep(this.#state);
  }

  #act(action: RoundsAction): void {
    this.#editor.post({ type: 'do', action });
  }

  #moduleField(): HTMLElement {
    const words = this.#words;
    const select = el(
      'select',
      { id: 'module' },
      el('option', { value: '' }, words.text('allModules')),
      ...moduleNames.map((module) => el('option', { value: module }, words.module(module))),
    );
    select.value = this.#state.module ?? '';
    select.addEventListener('change', () => {
      this.#keep({ module: (select.value || null) as ModuleName | null });
      this.#render();
    });
    return el('div', { class: 'field' }, el('label', { for: 'module' }, words.text('module')), select);
  }

  #render(): void {
    const words = this.#words;
    const data = this.#data;
    const some = data !== undefined && data.rounds.length > 0;
    this.#loading.hidden = data !== undefined || this.#failure !== undefined;
    this.#content.hidden = !some;
    this.#notice.replaceChildren(
      ...(this.#failure === undefined
        ? []
        : [
            errorState(
              (key) => words.text(key),
              this.#failure,
              data !== undefined,
              (action) => this.#act(action),
            ),
          ]),
      ...(data === undefined || some ? [] : [this.#empty()]),
    );
    if (data === undefined) return;
    const promoted = data.versions.find((version) => version.promoted)?.version;
    this.#samples.textContent = promoted === undefined ? '' : words.text('samples', promoted);
    this.#versions.replaceChildren(
      versionList(data.versions, words, (version) => this.#editor.post({ type: 'promote', version })),
    );
    if (!some) return;
    for (const [metric, chart] of this.#charts) chart.draw(pointsOf(data.rounds, metric, this.#state.module));
    this.#tables.replaceChildren(roundTables(data.rounds, words));
  }

  #empty(): HTMLElement {
    const words = this.#words;
    return el(
      'section',
      { class: 'state', 'aria-labelledby': 'state-heading' },
      el('h2', { id: 'state-heading' }, words.text('emptyHeading')),
      el('p', {}, words.text(this.#trusted ? 'emptyText' : 'emptyUntrusted')),
      el(
        'div',
        { class: 'buttons' },
        this.#trusted
          ? button(words.text('runRound'), () => this.#act('run'), 'primary')
          : button(words.text('trust'), () => this.#act('trust'), 'primary'),
      ),
    );
  }
}
