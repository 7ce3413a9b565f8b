/** A text as lines that know where they stand. */
export interface TextLine {
  /** Without its line break. */
  readonly text: string;
  readonly start: number;
  /** After its line break. */
  readonly end: number;
}

export function linesOf(text: string): readonly TextLine[] {
  const lines: TextLine[] = [];
  for (let start = 0; start < text.length; ) {
    const breakAt = text.indexOf('\n', start);
    const end = breakAt < 0 ? text.length : breakAt + 1;
    lines.push({ text: text.slice(start, breakAt < 0 ? end : breakAt), start, end });
    start = end;
  }
  return lines;
}

export type Match =
  /** `first` is the 0-based index of the first matching line. `trailing`: only without the space at line ends. */
  | { readonly kind: 'found'; readonly first: number; readonly trailing: boolean }
  /** 1-based lines of all places. */
  | { readonly kind: 'ambiguous'; readonly lines: readonly number[] }
  | { readonly kind: 'missing' };

/**
 * Where whole lines stand in a text: character for character, or, where they do so nowhere, but for space at line ends
 * (a carriage return is that too). Never anything looser.
 */
export function matchLines(search: readonly string[], lines: readonly TextLine[]): Match {
  for (const trailing of [false, true]) {
    const form = (text: string): string => (trailing ? text.trimEnd() : text);
    const places = placesOf(
      search.map(form),
      lines.map(({ text }) => form(text)),
    );
    if (places.length > 1) return { kind: 'ambiguous', lines: places.map((place) => place + 1) };
    if (places[0] !== undefined) return { kind: 'found', first: places[0], trailing };
  }
  return { kind: 'missing' };
}

/** Every index at which `part` stands in `whole`. */
export function placesOf(part: readonly string[], whole: readonly string[]): number[] {
  const places: number[] = [];
  for (let i = 0; i + part.length <= whole.length; ++i) {
    if (part.every((line, j) => whole[i + j] === line)) places.push(i);
  }
  return places;
}
