import { el } from './dom.ts';

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/** The first is the header of its row. */
export type Cells = readonly string[];

/** A table in a box of its own that scrolls. */
export function table(caption: string, columns: readonly Column[], rows: readonly Cells[]): HTMLElement {
  const classOf = (i: number): string | undefined => (columns[i]?.numeric === true ? 'number' : undefined);
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    el(
      'table',
      {},
      el('caption', {}, caption),
      el(
        'thead',
        {},
        el('tr', {}, ...columns.map(({ title }, i) => el('th', { scope: 'col', class: classOf(i) }, title))),
      ),
      el(
        'tbody',
        {},
        ...rows.map(([first = '', ...rest]) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, first),
            ...rest.map((cell, i) => el('td', { class: classOf(i + 1) }, cell)),
          ),
        ),
      ),
    ),
  );
}
