import { diffWordsWithSpace } from 'diff';
import { bare } from './lines.ts';

/** Below this share of common text, marking the words that differ says less than marking the lines. */
const leastCommon = 0.4;
/** Characters beyond which the words are not compared. */
const mostCompared = 8_000;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The words that differ between removed and added lines, as offsets into either text. */
export function changedWords(
  removed: string,
  added: string,
): { readonly removed: readonly Span[]; readonly added: readonly Span[] } {
  const none = { removed: [], added: [] };
  if (removed === '' || added === '' || removed.length + added.length > mostCompared) return none;
  const gone: Span[] = [];
  const come: Span[] = [];
  let [from, to, common] = [0, 0, 0];
  for (const { added: isAdded, removed: isRemoved, value } of diffWordsWithSpace(removed, added)) {
    if (isRemoved) {
      gone.push({ start: from, end: from + value.length });
      from += value.length;
    } else if (isAdded) {
      come.push({ start: to, end: to + value.length });
      to += value.length;
    } else {
      from += value.length;
      to += value.length;
      common += value.trim().length;
    }
  }
  const all = Math.max(removed.replace(/\s/g, '').length, added.replace(/\s/g, '').length);
  return common < leastCommon * all ? none : { removed: visible(gone, removed), added: visible(come, added) };
}

/** Without blanks at the ends, and cut at the ends of lines. */
function visible(spans: readonly Span[], text: string): Span[] {
  return spans.flatMap(({ start, end }) => {
    const found: Span[] = [];
    let at = start;
    for (const line of text.slice(start, end).split(/(?<=\n)/)) {
      const lead = line.length - line.trimStart().length;
      const length = bare(line).trimEnd().length;
      if (length > lead) found.push({ start: at + lead, end: at + length });
      at += line.length;
    }
    return found;
  });
}
