import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hunksBetween, withHunks } from '../../../../src/host/review/hunks.ts';
import { lineEdits, splitLines, withLineEnds } from '../../../../src/host/review/lines.ts';
import { edited, fewWords, lineChanges, repetitive } from './arbitraries.ts';

const shape = (base: string, text: string): unknown[] =>
  hunksBetween(base, text).map(({ start, removed, added }) => ({ start, removed, added }));

describe('hunks', () => {
  it('finds removed, replaced and inserted lines', () => {
    const base = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    expect(shape(base, 'a\nc\nd\nE\nf\ng\nnew\nh\n')).toEqual([
      { start: 1, removed: ['b\n'], added: [] },
      { start: 4, removed: ['e\n'], added: ['E\n'] },
      { start: 7, removed: [], added: ['new\n'] },
    ]);
  });

  it('joins edits with one unchanged line between them, and not with two', () => {
    expect(shape('a\nb\nc\n', 'A\nb\nC\n')).toEqual([
      { start: 0, removed: ['a\n', 'b\n', 'c\n'], added: ['A\n', 'b\n', 'C\n'] },
    ]);
    expect(shape('a\nb\nc\nd\n', 'A\nb\nc\nD\n')).toHaveLength(2);
  });

  it('keeps line ends and a missing last one', () => {
    expect(shape('a\r\nb', 'a\r\nb\r\n')).toEqual([{ start: 1, removed: ['b'], added: ['b\r\n'] }]);
    expect(shape('', 'a')).toEqual([{ start: 0, removed: [], added: ['a'] }]);
  });

  it('has the same ids with every kind of line end, and keys that differ for equal hunks', () => {
    const [base, text] = ['x\na\n1\n2\n3\n', 'x\na\nnew\n1\n2\nnew\n3\n'];
    const hunks = hunksBetween(base, text);
    expect(hunks).toHaveLength(2);
    expect(hunks[0]!.id).toBe(hunks[1]!.id);
    expect(hunks.map(({ key }) => key)).toEqual([hunks[0]!.id, `${hunks[0]!.id}#2`]);
    const crlf = hunksBetween(withLineEnds(base, '\r\n'), withLineEnds(text, '\r\n'));
    expect(crlf.map(({ id }) => id)).toEqual(hunks.map(({ id }) => id));
    expect(hunks[0]!.id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says of an inserted block that could be at several places that it is at the last', () => {
    expect(shape('{\n}\nend\n', '{\n}\n{\n}\nend\n')).toEqual([
      { start: 2, removed: [], added: ['{\n', '}\n'] },
    ]);
  });

  it('gives the candidate when all are taken and the base when none is', () => {
    fc.assert(
      fc.property(repetitive, lineChanges(fewWords), (base, changes) => {
        const text = edited(base, changes);
        const hunks = hunksBetween(base, text);
        expect(withHunks(splitLines(base), hunks, () => true).lines.join('')).toBe(text);
        expect(withHunks(splitLines(base), hunks, () => false).lines.join('')).toBe(base);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves an unchanged line between edits, and two between hunks', () => {
    fc.assert(
      fc.property(repetitive, lineChanges(fewWords), (base, changes) => {
        const [a, b] = [splitLines(base), splitLines(edited(base, changes))];
        const edits = lineEdits(a, b)!;
        for (const [i, edit] of edits.entries()) {
          expect(edit.end - edit.start + edit.to - edit.from).toBeGreaterThan(0);
          if (i > 0) expect(edit.start).toBeGreaterThan(edits[i - 1]!.end);
        }
        const hunks = hunksBetween(base, b.join(''));
        for (const [i, { start }] of hunks.entries()) {
          if (i === 0) continue;
          const before = hunks[i - 1]!;
          expect(start - before.start - before.removed.length).toBeGreaterThanOrEqual(2);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('gives up where texts differ too much', () => {
    const many = (word: string): string[] => Array.from({ length: 50 }, (_, i) => `${word}${i}\n`);
    expect(lineEdits(many('a'), many('b'), 20)).toBeUndefined();
    expect(lineEdits(many('a'), many('a'), 20)).toEqual([]);
  });
});
