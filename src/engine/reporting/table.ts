import { type Html, type HtmlValue, html } from './html.ts';

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly numeric?: boolean;
  /** Drawn beside its numbers: hidden from readers that cannot see it. */
  readonly graphic?: boolean;
}

/** A row, or markup of whole `tr` elements between rows. */
export type Row = readonly HtmlValue[] | Html;

/** A table that scrolls by itself where the page is narrow. The first cell of each row is its heading. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${columns.map(head)}</tr></thead>
<tbody>
${rows.map((row) => (Array.isArray(row) ? cells(columns, row as readonly HtmlValue[]) : (row as Html)))}</tbody>
</table></div>
`;
}

function head({ title, numeric, graphic }: Column): Html {
  if (graphic === true) return html`<td aria-hidden="true"></td>`;
  return numeric === true
    ? html`<th scope="col" class="number">${title}</th>`
    : html`<th scope="col">${title}</th>`;
}

function cells(columns: readonly Column[], row: readonly HtmlValue[]): Html {
  return html`<tr>${row.map((value, i) => {
    const column = columns[i];
    if (i === 0) return html`<th scope="row">${value}</th>`;
    if (column?.graphic === true) return html`<td aria-hidden="true">${value}</td>`;
    return column?.numeric === true ? html`<td class="number">${value}</td>` : html`<td>${value}</td>`;
  })}</tr>
`;
}
