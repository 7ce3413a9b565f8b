import type { ToHost } from '../../src/protocol/curvesMessages.ts';
import type { CurveSeries, CurvesData } from '../../src/protocol/engine.ts';
import { button, el } from '../shared/dom.ts';
import { swatch } from './swatch.ts';
import type { Words } from './words.ts';

type Post = (message: ToHost) => void;

/** What is known of one curve: what its candidate changes, gains and costs, and what can be done with it. */
export class Details {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #post: Post;
  readonly #content: HTMLElement;
  #signature = '';

  constructor(words: Words, post: Post) {
    this.#words = words;
    this.#post = post;
    this.#content = el('div');
    this.element = el(
      'section',
      { class: 'details', 'aria-labelledby': 'details-heading' },
      el('h2', { id: 'details-heading' }, words.text('chosen')),
      this.#content,
    );
  }

  render(series: CurveSeries | undefined, slot: number | undefined, data: CurvesData): void {
    const reference = series === undefined ? undefined : referenceOf(series, data.series);
    const run = data.runs.find(({ id }) => id === series?.run);
    // The pointer passes the same curve many times; the buttons must not be new each time.
    const signature = JSON.stringify([series ?? null, slot, reference?.costs, run]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    if (series === undefined) {
      this.#content.replaceChildren(el('p', { class: 'hint' }, this.#words.text('unchosen')));
      return;
    }
    this.#content.replaceChildren(
      el('p', { class: 'title' }, swatch(series, slot), el('span', { class: 'name' }, series.name)),
      this.#facts(series, reference, run),
      ...this.#change(series),
      this.#buttons(series),
    );
  }

  #facts(
    series: CurveSeries,
    reference: CurveSeries | undefined,
    run: CurvesData['runs'][number] | undefined,
  ): HTMLElement {
    const words = this.#words;
    const { gain, costs, module, role } = series;
    const isChange = series.candidate !== null;
    const facts: (readonly [title: string, text: string | undefined])[] = [
      [words.text('columnRole'), words.role(role)],
      [
        words.text('factGain'),
        gain === null ? (isChange ? words.text('noGain') : undefined) : words.gainWithInterval(gain),
      ],
      [words.text('factModule'), module === null ? undefined : words.module(module)],
      [
        words.text('factBuild'),
        costs === null
          ? undefined
          : this.#cost(buildSeconds(costs), reference?.costs && buildSeconds(reference.costs), (value) =>
              words.seconds(value),
            ),
      ],
      [
        words.text('factMemory'),
        costs === null
          ? undefined
          : this.#cost(costs.anonymousBytes, reference?.costs?.anonymousBytes, (value) =>
              words.mebibytes(value),
            ),
      ],
      [words.text('factTiming'), words.timing(series.mode)],
      [words.text('factRun'), run?.title ?? series.run],
      [words.text('factMachine'), run?.machine],
      [words.text('factCompiler'), run?.compiler],
    ];
    return el(
      'dl',
      {},
      ...facts
        .filter(([, text]) => text !== undefined && text !== '')
        .map(([title, text]) => el('div', {}, el('dt', {}, title), el('dd', {}, text))),
    );
  }

  #cost(value: number, reference: number | null | undefined, format: (value: number) => string): string {
    if (reference === undefined || reference === null || reference <= 0) return format(value);
    const ratio = this.#words.number(value / reference, 2);
    return this.#words.text('againstReference', format(value), ratio, format(reference));
  }

  #change({ change, candidate }: CurveSeries): HTMLElement[] {
    const words = this.#words;
    if (candidate === null) return [];
    if (change === null) return [el('p', { class: 'hint' }, words.text('noChange'))];
    const { added, removed, text } = change;
    return [
      el('p', { class: 'counts' }, words.text('changeCounts', words.number(added), words.number(removed))),
      el(
        'pre',
        { class: 'change', tabindex: 0, role: 'region', 'aria-label': words.text('change') },
        ...diffLines(text),
      ),
    ];
  }

  #buttons({ run, candidate, change, role }: CurveSeries): HTMLElement {
    const words = this.#words;
    const group = el('div', { class: 'buttons' });
    if (candidate !== null && change !== null) {
      group.append(
        button(words.text('review'), () => this.#post({ type: 'review', run, candidate }), 'primary'),
        button(words.text('openDiff'), () => this.#post({ type: 'openDiff', run, candidate })),
        button(words.text('copyChange'), () => this.#post({ type: 'copy', text: change.text })),
      );
    }
    // A measurement of the workspace alone is no run.
    if (role !== 'measured')
      group.append(button(words.text('openReport'), () => this.#post({ type: 'openReport', run })));
    return group;
  }
}

/** Lines of a diff, marked by their sign; a summary without signs stays plain. */
function diffLines(text: string): HTMLElement[] {
  return text.split('\n').map((line) => {
    const added = line.startsWith('+') && !line.startsWith('+++ ');
    const removed = line.startsWith('-') && !line.startsWith('--- ');
    return el('span', { class: added ? 'line added' : removed ? 'line removed' : 'line' }, `${line}\n`);
  });
}

function buildSeconds(costs: NonNullable<CurveSeries['costs']>): number {
  return costs.buildCpuSeconds + costs.prepareCpuSeconds;
}

/** What the curve was measured against. */
function referenceOf(series: CurveSeries, all: readonly CurveSeries[]): CurveSeries | undefined {
  if (series.candidate === null) return undefined;
  const references = all.filter(
    ({ role, run, dataset }) => role === 'reference' && run === series.run && dataset === series.dataset,
  );
  return references.find(({ module }) => module === series.module) ?? references[0];
}
