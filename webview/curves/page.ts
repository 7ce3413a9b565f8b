import type {
  CurvesState,
  CurvesTarget,
  ExportFormat,
  PageAction,
  ToHost,
  ToPage,
} from '../../src/protocol/curvesMessages.ts';
import type { CurvesData } from '../../src/protocol/engine.ts';
import type { CurvePoint } from '../../src/protocol/measurement.ts';
import { el } from '../shared/dom.ts';
import type { Editor } from '../shared/editor.ts';
import { onThemeChange, readTheme, type Theme } from '../shared/editorTheme.ts';
import { errorState } from '../shared/errorState.ts';
import { KeptScroll } from '../shared/keptScroll.ts';
import { csvOf } from './csv.ts';
import { CurveList } from './curveList.ts';
import { Details } from './details.ts';
import { Figure } from './figure.ts';
import { Filters } from './filters.ts';
import { colourSlots } from './look.ts';
import { type Curve, type Plot, plotOf } from './plot.ts';
import { pngOf } from './png.ts';
import { emptyState, nothingState } from './states.ts';
import { svgOf } from './svg.ts';
import { Tables } from './tables.ts';
import { colourOf } from './theme.ts';
import { firstState, stateFor, stateForAll, type View, viewOf } from './view.ts';
import type { Words } from './words.ts';

type Init = Extract<ToPage, { type: 'init' }>;
type Failure = Extract<ToPage, { type: 'error' }>;
type Step = -1 | 1 | 'first' | 'last';

/** The page: a function of the data and of what was chosen, which is kept by the editor. */
export class Page {
  readonly #words: Words;
  readonly #editor: Editor<ToHost, CurvesState>;
  readonly #notice = el('div');
  readonly #content: HTMLElement;
  readonly #loading: HTMLElement;
  readonly #status = el('p', { class: 'status', role: 'status' });
  readonly #announcer = el('p', { class: 'out-of-sight', role: 'status' });
  readonly #filters: Filters;
  readonly #figure: Figure;
  readonly #list: CurveList;
  readonly #details: Details;
  readonly #tables: Tables;
  readonly #scroll: KeptScroll;
  #theme: Theme = readTheme();
  #state: CurvesState;
  #data: CurvesData | undefined;
  #trusted = true;
  #failure: Failure | undefined;
  /** What to show once there are data. */
  #target: CurvesTarget | undefined;
  #view: View | undefined;
  #plot: Plot = { curves: [], windows: [] };
  /** What the chart and the tables were made of: choosing a curve does not make them anew. */
  #drawn = '';
  #slots: ReadonlyMap<string, number> = new Map();
  #hovered: string | null = null;
  /** The measured point of the chosen curve that the keys are at. */
  #point: number | undefined;

  constructor(body: HTMLElement, { root, name }: Init, words: Words, editor: Editor<ToHost, CurvesState>) {
    this.#words = words;
    this.#editor = editor;
    const kept = editor.kept();
    this.#state = kept?.root === root ? kept : firstState(root);
    this.#filters = new Filters(words, { change: (change) => this.#change(change) });
    this.#figure = new Figure(words, () => this.#theme, {
      hovered: (id) => this.#hover(id),
      chosen: (id, point) => this.#choose(id, point),
      tooltip: (curve, point) => this.#tooltip(curve, point),
      stepped: (step) => this.#step(this.#chosenOrFirst(), step),
      moved: (step) => this.#move(step),
      exported: (format) => void this.#export(format),
    });
    this.#list = new CurveList(words, {
      chosen: (id) => this.#choose(id, undefined),
      toggled: (id, shown) => this.#toggle(id, shown),
      hovered: (id) => this.#hover(id),
      stepped: (id, step) => this.#step(id, step),
    });
    this.#details = new Details(words, (message) => editor.post(message));
    this.#tables = new Tables(words, () => this.#change({ tables: !this.#state.tables }));
    this.#content = el(
      'div',
      { class: 'content' },
      this.#filters.element,
      this.#figure.element,
      this.#list.element,
      this.#details.element,
      this.#tables.element,
    );
    this.#loading = el('p', { class: 'hint' }, words.text('loading'));
    const heading = el('h1', {}, words.text('heading'), ' ', el('span', { class: 'facts' }, name));
    const main = el(
      'main',
      { id: 'app' },
      heading,
      this.#notice,
      this.#loading,
      this.#content,
      this.#status,
      this.#announcer,
    );
    body.querySelector('main')?.replaceWith(main);
    onThemeChange(() => {
      this.#theme = readTheme();
      this.#figure.chart.repaint();
    });
    this.#scroll = new KeptScroll((scroll) => this.#keep({ scroll }));
    this.#render();
    editor.keep(this.#state);
  }

  take(message: Exclude<ToPage, Init>): void {
    switch (message.type) {
      case 'data':
        this.#data = message.data;
        this.#trusted = message.trusted;
        this.#failure = undefined;
        this.#showTarget();
        this.#render();
        if (!this.#content.hidden) this.#scroll.restore(this.#state.scroll);
        return;
      case 'select':
        this.#target = message.target;
        this.#showTarget();
        this.#render();
        return;
      case 'error':
        this.#failure = message;
        this.#render();
        return;
      case 'saved':
        this.#status.textContent = this.#words.text('saved', message.file);
        return;
      case 'copied':
        this.#status.textContent = this.#words.text('copied');
    }
  }

  #showTarget(): void {
    if (this.#data === undefined || this.#target === undefined) return;
    this.#keep(stateFor(this.#data, this.#state, this.#target));
    this.#target = undefined;
    this.#point = undefined;
  }

  #keep(change: Partial<CurvesState>): void {
    this.#state = { ...this.#state, ...change };
    this.#editor.keep(this.#state);
  }

  #change(change: Partial<CurvesState>): void {
    this.#keep(change);
    this.#render();
  }

  #render(): void {
    const data = this.#data;
    const act = (action: PageAction): void => this.#editor.post({ type: 'do', action });
    const some = data !== undefined && data.series.length > 0;
    this.#loading.hidden = data !== undefined || this.#failure !== undefined;
    this.#content.hidden = !some;
    this.#notice.replaceChildren(
      ...(this.#failure === undefined
        ? []
        : [errorState((key) => this.#words.text(key), this.#failure, some, act)]),
      ...(data === undefined || some ? [] : [emptyState(this.#words, this.#trusted, act)]),
    );
    if (!some) return;
    const view = viewOf(data, this.#state);
    this.#view = view;
    this.#slots = colourSlots(data.series.filter(({ dataset }) => dataset === view.dataset));
    this.#filters.render(view, this.#state);
    this.#list.render(view, this.#slots);
    this.#tables.show(this.#state.tables);
    const drawn = JSON.stringify([view.dataset, view.runs, view.shown]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#point = undefined;
      this.#plot = plotOf(view.shown, view.windows, this.#slots);
      this.#figure.render(this.#plot, view, () =>
        nothingState(this.#words, () => this.#change(stateForAll(data, this.#state))),
      );
      this.#tables.render(this.#plot.curves, view);
    }
    this.#showHighlight();
  }

  /** The curve under the pointer, else the chosen one, stands out and has its details shown. */
  #showHighlight(): void {
    const { selected, listed = [] } = this.#view ?? {};
    const series = listed.find(({ id }) => id === this.#hovered) ?? selected;
    this.#figure.chart.highlight(series?.id ?? null);
    this.#list.highlight(series?.id ?? null);
    if (this.#data === undefined) return;
    this.#details.render(series, series === undefined ? undefined : this.#slots.get(series.id), this.#data);
  }

  #hover(id: string | null): void {
    if (this.#hovered === id) return;
    this.#hovered = id;
    this.#showHighlight();
  }

  #choose(id: string, point: number | undefined): void {
    const same = this.#state.selected === id;
    if (!same) this.#point = undefined;
    if (point !== undefined) this.#point = point;
    if (!same) this.#change({ selected: id });
  }

  #toggle(id: string, shown: boolean): void {
    const others = this.#state.hidden.filter((one) => one !== id);
    this.#change({ hidden: shown ? others : [...others, id] });
  }

  #chosenOrFirst(): string | undefined {
    const chosen = this.#plot.curves.find(({ series }) => series.id === this.#state.selected);
    return (chosen ?? this.#plot.curves[0])?.series.id;
  }

  /** To another point of the curve, said aloud. */
  #step(id: string | undefined, step: Step): void {
    const curve = this.#plot.curves.find(({ series }) => series.id === id);
    if (curve === undefined || curve.points.length === 0) return;
    this.#choose(curve.series.id, undefined);
    const last = curve.points.length - 1;
    const at = this.#point;
    const next =
      step === 'first' ? 0 : step === 'last' ? last : at === undefined ? (step === 1 ? 0 : last) : at + step;
    this.#point = Math.max(0, Math.min(last, next));
    this.#figure.chart.pointAt(curve.series.id, this.#point);
    this.#announce(curve, this.#point);
  }

  /** To another curve of the chart, at the recall nearest to where the keys are. */
  #move(step: -1 | 1): void {
    const { curves } = this.#plot;
    const index = curves.findIndex(({ series }) => series.id === this.#state.selected);
    const next = index < 0 ? curves[0] : curves[index + step];
    if (next === undefined || next.points.length === 0) return;
    const recall = curves[index]?.points[this.#point ?? 0]?.recall ?? 0;
    const distances = next.points.map((point) => Math.abs(point.recall - recall));
    const point = distances.indexOf(Math.min(...distances));
    this.#choose(next.series.id, point);
    this.#figure.chart.pointAt(next.series.id, point);
    this.#announce(next, point);
  }

  #announce({ series, points }: Curve, index: number): void {
    const words = this.#words;
    this.#announcer.textContent = words.text(
      'pointPlace',
      series.name,
      words.point(points[index]!),
      words.number(index + 1),
      words.number(points.length),
    );
  }

  #tooltip({ series, corners }: Curve, point: CurvePoint): string[] {
    const words = this.#words;
    const run = this.#view?.runs.find(({ id }) => id === series.run);
    return [
      `${series.name} (${words.role(series.role)})`,
      words.point(point),
      corners.has(point) ? '' : words.text('belowFrontier'),
      series.gain === null ? '' : words.text('gainOf', words.gainWithInterval(series.gain)),
      run?.machine ?? '',
      run?.compiler ?? '',
    ].filter((line) => line !== '');
  }

  async #export(format: ExportFormat): Promise<void> {
    const contents = await this.#contents(format);
    const dataset = (this.#view?.dataset ?? '').slice(0, 200);
    this.#editor.post({ type: 'export', format, dataset, contents });
  }

  async #contents(format: ExportFormat): Promise<string> {
    const view = this.#view!;
    if (format === 'csv') return csvOf(view.shown, view.runs);
    const several = view.runs.filter(({ shown }) => shown).length > 1;
    const runName = (id: string): string => view.runs.find((run) => run.id === id)?.title ?? id;
    const file = svgOf({
      plot: this.#plot,
      title: `${this.#words.text('heading')}: ${view.dataset ?? ''}`,
      caption: this.#figure.captionOf(view),
      ...this.#figure.chart.axes(),
      colours: this.#theme,
      colourOf: ({ series, slot }) => colourOf(series.role, slot, this.#theme),
      nameOf: ({ series }) => {
        const gain = series.gain === null ? '' : `, ${this.#words.gain(series.gain.value)}`;
        return `${series.name}, ${this.#words.role(series.role)}${gain}${several ? ` (${runName(series.run)})` : ''}`;
      },
    });
    return format === 'svg' ? file.text : pngOf(file);
  }
}
