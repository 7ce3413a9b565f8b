import type { TokenEstimate } from './tokens.ts';

/** A part of a section. */
export interface Item {
  /** Shown whole or not at all. */
  readonly head: string;
  /** Lines that may be cut from the end; empty: none. */
  readonly body: readonly string[];
  /** Puts the lines that stay behind the head. */
  render(head: string, body: readonly string[]): string;
}

export interface Fitted {
  readonly texts: readonly string[];
  /** Indices of the items that these are of. */
  readonly shown: readonly number[];
  readonly tokens: number;
  /** Tokens that the section takes from the budget: what is shown, or, where something was cut, all it was allowed. */
  readonly charge: number;
  readonly kept: 'whole' | 'cut' | 'dropped';
}

/** A cut item says nothing unless this many lines of it are left. */
const fewestLines = 6;

/**
 * Fits items into an allowance of tokens, in order. With `equal` each may take an equal share of what those before it
 * left; with `first` an item may take all of it. The first that does not fit is cut at a line and ends the list, except
 * among equals. A larger allowance never shows less of any item: what is cut is charged with all that it might take, so
 * the allowance of those after it grows with the whole.
 */
export function fitItems(
  items: readonly Item[],
  { allowance, shares, estimate }: { allowance: number; shares: 'equal' | 'first'; estimate: TokenEstimate },
): Fitted {
  const texts: string[] = [];
  const shown: number[] = [];
  let tokens = 0;
  let charge = 0;
  let isWhole = true;
  for (const [i, item] of items.entries()) {
    const left = allowance - charge;
    const share = shares === 'equal' ? left / (items.length - i) : left;
    const text = fitItem(item, share, estimate);
    const wasCut = text === undefined || text !== item.render(item.head, item.body);
    if (text !== undefined) {
      texts.push(text);
      shown.push(i);
      tokens += estimate(separated(text));
    }
    charge += wasCut ? share : estimate(separated(text));
    isWhole &&= !wasCut;
    if (wasCut && shares === 'first') break;
  }
  return { texts, shown, tokens, charge, kept: isWhole ? 'whole' : texts.length > 0 ? 'cut' : 'dropped' };
}

/** Pieces are joined by a blank line, which counts. */
export function separated(text: string): string {
  return `${text}\n\n`;
}

function fitItem(item: Item, share: number, estimate: TokenEstimate): string | undefined {
  const rendered = (lines: number): string =>
    lines === item.body.length
      ? item.render(item.head, item.body)
      : item.render(item.head, [
          ...item.body.slice(0, lines),
          `[cut here: ${item.body.length - lines} more lines]`,
        ]);
  const fits = (lines: number): boolean => estimate(separated(rendered(lines))) <= share;
  if (fits(item.body.length)) return rendered(item.body.length);
  if (item.body.length <= fewestLines || !fits(fewestLines)) return undefined;
  // Bisection: `low` lines fit, `high` do not.
  let [low, high] = [fewestLines, item.body.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return rendered(low);
}
