import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileReview } from '../../../../src/host/review/fileReview.ts';
import type { TextChange } from '../../../../src/host/review/follow.ts';
import { edited, fewWords, lineChanges, newWords, repetitive, uniqueText } from './arbitraries.ts';

/** A document as an editor has one: it tells of changes, and undoes them in the opposite order. */
class Document {
  readonly review: FileReview;
  readonly undoStack: { before: string; inverse: TextChange[]; forward: TextChange[] }[] = [];
  text: string;

  constructor(base: string, candidate: string, text = base) {
    this.text = text;
    this.review = new FileReview('search.h', base, candidate);
    this.review.open(text, '\n');
  }

  /** Changes from the last place to the first, as VS Code reports them. */
  edit(changes: readonly TextChange[]): void {
    const before = this.text;
    const sorted = changes.toSorted((a, b) => b.offset - a.offset);
    const inverse: TextChange[] = [];
    let shift = 0;
    for (const { offset, length, text } of sorted.toReversed()) {
      inverse.unshift({
        offset: offset + shift,
        length: text.length,
        text: before.slice(offset, offset + length),
      });
      shift += text.length - length;
    }
    this.undoStack.push({ before, inverse, forward: sorted });
    this.#apply(sorted);
    this.review.change(sorted, this.text, '\n', undefined);
  }

  undo(): ReturnType<FileReview['change']> {
    const { inverse } = this.undoStack.pop()!;
    this.#apply(inverse);
    return this.review.change(inverse, this.text, '\n', 'undo');
  }

  redo(forward: readonly TextChange[]): ReturnType<FileReview['change']> {
    this.#apply(forward);
    return this.review.change(forward, this.text, '\n', 'redo');
  }

  accept(hunks: readonly number[]): void {
    const edits = hunks.map((i) => this.review.acceptEdit(i));
    for (const i of hunks) this.review.decide(i, 'accepted');
    this.edit(edits.map(({ start, end, text }) => ({ offset: start, length: end - start, text })));
  }

  get pending(): number[] {
    return this.review.hunks.flatMap((_, i) => (this.review.isPending(i) ? [i] : []));
  }

  #apply(changes: readonly TextChange[]): void {
    for (const { offset, length, text } of changes) {
      this.text = this.text.slice(0, offset) + text + this.text.slice(offset + length);
    }
  }
}

const base = 'zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n';
const candidate = 'zero\nONE\ntwo\nthree\nfour\nfive\nadded\nsix\nseven\nnine\n';

describe('a file under review', () => {
  it('has no pending hunk before its text is known, or where there is no file', () => {
    const review = new FileReview('search.h', base, candidate);
    expect(review.hunks).toHaveLength(3);
    expect([0, 1, 2].map((i) => review.refusal(i))).toEqual(['missing', 'missing', 'missing']);
    review.open(base, '\n');
    expect([0, 1, 2].map((i) => review.isPending(i))).toEqual([true, true, true]);
  });

  it('follows typing around and at the edges of a hunk', () => {
    const document = new Document(base, candidate);
    const one = base.indexOf('one');
    document.edit([{ offset: one, length: 0, text: 'above\n' }]);
    expect(document.review.standing(0)).toEqual({ kind: 'anchored', start: one + 6, end: one + 10 });
    document.edit([{ offset: one + 10, length: 0, text: 'below\n' }]);
    expect(document.review.standing(0)).toEqual({ kind: 'anchored', start: one + 6, end: one + 10 });
    document.edit([{ offset: one - 1, length: 0, text: ' end of the line above' }]);
    expect(document.pending).toEqual([0, 1, 2]);
    document.accept([0]);
    expect(document.text.startsWith('zero end of the line above\nabove\nONE\nbelow\ntwo\n')).toBe(true);
  });

  it('gives a hunk up with a reason when its lines are edited, and takes it back when the edit is undone', () => {
    const document = new Document(base, candidate);
    document.edit([{ offset: base.indexOf('ne\n'), length: 2, text: 'wn' }]);
    expect(document.pending).toEqual([1, 2]);
    expect(document.review.refusal(0)).toBe('edited');
    document.undo();
    expect(document.pending).toEqual([0, 1, 2]);
    expect(document.review.refusal(0)).toBeUndefined();
  });

  it('keeps an insertion that has the line below it edited, and gives it up when a line comes in at its place', () => {
    const document = new Document(base, candidate);
    const six = base.indexOf('six');
    document.edit([{ offset: six, length: 0, text: 'my ' }]);
    expect(document.pending).toEqual([0, 1, 2]);
    document.edit([{ offset: six, length: 0, text: 'mine\n' }]);
    expect(document.review.refusal(1)).toBe('inserted');
    document.undo();
    expect(document.pending).toEqual([0, 1, 2]);
    document.accept([1]);
    expect(document.text).toContain('five\nadded\nmy six\n');
  });

  it('does not offer a hunk that was typed by hand', () => {
    const document = new Document(base, candidate);
    document.edit([{ offset: base.indexOf('one'), length: 3, text: 'ONE' }]);
    expect(document.review.standing(0).kind).toBe('applied');
    expect(document.pending).toEqual([1, 2]);
    expect(document.review.decision(0)).toBe('open');
  });

  it('makes an accepted hunk pending again on undo, and accepts it again on redo', () => {
    const document = new Document(base, candidate);
    document.accept([0]);
    document.accept([1]);
    expect(document.pending).toEqual([2]);
    const { forward } = document.undoStack.at(-1)!;
    expect(document.undo()).toMatchObject([{ signal: 'undone', hunk: { added: ['added\n'] } }]);
    expect(document.pending).toEqual([1, 2]);
    expect(document.redo(forward)).toMatchObject([{ signal: 'accepted', hunk: { added: ['added\n'] } }]);
    expect(document.pending).toEqual([2]);
    expect(document.review.decision(1)).toBe('accepted');
  });

  it('does not take a hunk back that was rewritten by hand to what it was', () => {
    const document = new Document(base, candidate);
    document.accept([0]);
    document.edit([{ offset: base.indexOf('one'), length: 3, text: 'one' }]);
    expect(document.review.decision(0)).toBe('accepted');
    expect(document.pending).toEqual([1, 2]);
  });

  it('finds the hunks again in a text that was replaced as a whole', () => {
    const document = new Document(base, candidate);
    const text = `// top\n${base}// end\n`;
    document.edit([{ offset: 0, length: base.length, text }]);
    expect(document.pending).toEqual([0, 1, 2]);
    document.accept([0, 1, 2]);
    expect(document.text).toBe(`// top\n${candidate}// end\n`);
  });

  it('speaks the line ends of the document', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    const review = new FileReview('search.h', base, candidate);
    review.open(crlf(base), '\r\n');
    expect(review.merged().text).toBe(crlf(candidate));
    expect(review.acceptEdit(0).text).toBe('ONE\r\n');
  });

  it('merges what is pending and says where', () => {
    const document = new Document(base, candidate);
    document.review.decide(1, 'rejected');
    const { text, ranges } = document.review.merged();
    expect(text).toBe(candidate.replace('added\n', ''));
    expect([...ranges.keys()]).toEqual([0, 2]);
    expect(text.slice(ranges.get(0)!.start, ranges.get(0)!.end)).toBe('ONE\n');
  });

  it('restores decisions and takes back what is not in the text any more', () => {
    const known = new FileReview('search.h', base, candidate);
    const [first, second] = known.hunks;
    const review = new FileReview('search.h', base, candidate);
    review.restore({ [first!.key]: 'accepted', [second!.key]: 'rejected' });
    expect(review.open(base.replace('one', 'ONE'), '\n')).toEqual([]);
    expect([0, 1, 2].map((i) => review.decision(i))).toEqual(['accepted', 'rejected', 'open']);
    expect(review.open(base, '\n')).toMatchObject([{ signal: 'undone' }]);
    expect(review.isPending(0)).toBe(true);
  });

  it('gives the same text in whatever order hunks are accepted, and all of it back by undo', () => {
    const property = fc.property(
      repetitive.map((text) => text.replaceAll('\r\n', '\n')),
      lineChanges(fewWords),
      fc.infiniteStream(fc.nat(1000)),
      (text, changes, stream) => {
        const result = edited(text, changes);
        const random = stream[Symbol.iterator]();
        const document = new Document(text, result);
        const count = document.review.hunks.length;
        const order = Array.from({ length: count }, (_, i) => i)
          .map((i) => ({ i, by: random.next().value as number }))
          .toSorted((a, b) => a.by - b.by)
          .map(({ i }) => i);
        for (const i of order) {
          expect(document.review.isPending(i)).toBe(true);
          document.accept([i]);
          expect(document.review.standing(i).kind).toBe('applied');
        }
        expect(document.text).toBe(result);
        for (const i of order.toReversed()) {
          expect(document.undo()).toMatchObject([{ hunk: document.review.hunks[i], signal: 'undone' }]);
        }
        expect(document.text).toBe(text);
        expect(document.pending).toHaveLength(count);
        document.accept(document.pending);
        expect(document.text).toBe(result);
        expect(document.undo()).toHaveLength(count);
        expect(document.text).toBe(text);
      },
    );
    fc.assert(property, { numRuns: 1500 });
  });

  const typing = fc.array(
    fc.record({
      at: fc.nat(1000),
      length: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
      text: fc.constantFrom('', 'x', '\n', 'a\n', '}\n', 'b', 'new\n', 'a\nb\n}\n'),
      undo: fc.boolean(),
    }),
    { maxLength: 12 },
  );

  it('never says that lines stand where they do not, whatever is typed', () => {
    const property = fc.property(
      repetitive.map((text) => text.replaceAll('\r\n', '\n')),
      lineChanges(fewWords),
      typing,
      (text, changes, edits) => {
        const document = new Document(text, edited(text, changes));
        for (const { at, length, text: typed, undo } of edits) {
          if (undo && document.undoStack.length > 0) {
            document.undo();
          } else {
            const offset = at % (document.text.length + 1);
            document.edit([{ offset, length: Math.min(length, document.text.length - offset), text: typed }]);
          }
          let last = 0;
          for (const [i, hunk] of document.review.hunks.entries()) {
            const { kind, start, end } = document.review.standing(i);
            if (kind === 'refused') continue;
            expect(document.text.slice(start, end)).toBe(
              (kind === 'anchored' ? hunk.removed : hunk.added).join(''),
            );
            expect(start === 0 || document.text[start - 1] === '\n').toBe(true);
            expect(start).toBeGreaterThanOrEqual(last);
            last = end;
          }
        }
      },
    );
    fc.assert(property, { numRuns: 3000 });
  });

  it('stands after typing and undoing all of it where it stood before', () => {
    const property = fc.property(uniqueText, lineChanges(newWords), typing, (text, changes, edits) => {
      const document = new Document(text, edited(text, changes));
      const before = document.review.hunks.map((_, i) => document.review.standing(i));
      for (const { at, length, text: typed } of edits) {
        const offset = at % (document.text.length + 1);
        document.edit([{ offset, length: Math.min(length, document.text.length - offset), text: typed }]);
      }
      while (document.undoStack.length > 0) document.undo();
      expect(document.review.hunks.map((_, i) => document.review.standing(i))).toEqual(before);
    });
    fc.assert(property, {
      numRuns: 2000,
      examples: [
        [
          'line 0\nline 1\nline 2\n',
          [{ at: 13, remove: 0, insert: ['p 2598'] }],
          // The line above an insertion goes, and comes back in two steps.
          [
            { at: 705, length: 6, text: '', undo: false },
            { at: 0, length: 1, text: '', undo: false },
          ],
        ],
      ],
    });
  });
});
