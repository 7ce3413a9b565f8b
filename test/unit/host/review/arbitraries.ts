import fc from 'fast-check';

/** Texts of few different lines: blocks repeat, so that a careless comparison has every chance to go wrong. */
export const repetitive = fc
  .record({
    lines: fc.array(fc.constantFrom('a', 'b', '}', '', '  x;'), { maxLength: 24 }),
    last: fc.boolean(),
    eol: fc.constantFrom('\n', '\r\n'),
  })
  .map(({ lines, last, eol }) => lines.join(eol) + (last && lines.length > 0 ? eol : ''));

/** A text after some of its lines were removed, replaced or added to. */
export function edited(text: string, edits: readonly LineChange[]): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  for (const { at, remove, insert } of edits) {
    lines.splice(at % (lines.length + 1), remove, ...insert.map((line) => `${line}\n`));
  }
  return lines.join('');
}

export interface LineChange {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

export const lineChanges = (words: fc.Arbitrary<string>): fc.Arbitrary<LineChange[]> =>
  fc.array(
    fc.record({
      at: fc.nat(60),
      remove: fc.nat(3),
      insert: fc.array(words, { maxLength: 3 }),
    }),
    { maxLength: 5 },
  );

export const fewWords = fc.constantFrom('a', 'b', '}', '', '  x;', 'new');

/** No line twice: every comparison agrees on what was changed. */
export const uniqueText = fc.nat(40).map((n) => Array.from({ length: n }, (_, i) => `line ${i}\n`).join(''));

let serial = 0;
/** Never the same word twice in a process. */
export const newWords = fc.constantFrom('p', 'q', 'r').map((word) => `${word} ${serial++}`);
