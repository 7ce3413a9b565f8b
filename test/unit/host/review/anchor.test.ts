import fc from 'fast-check';
import { mergeDiff3 } from 'node-diff3';
import { describe, expect, it } from 'vitest';
import { place, type Standing } from '../../../../src/host/review/anchor.ts';
import { type Hunk, hunksBetween, withHunks } from '../../../../src/host/review/hunks.ts';
import { splitLines } from '../../../../src/host/review/lines.ts';
import {
  edited,
  fewWords,
  type LineChange,
  lineChanges,
  newWords,
  repetitive,
  uniqueText,
} from './arbitraries.ts';

const none = (): boolean => false;

function placed(base: string, text: string, current: string): { hunks: Hunk[]; standings: Standing[] } {
  const hunks = hunksBetween(base, text);
  return { hunks, standings: place(splitLines(base), hunks, current, none) };
}

/** The text with those of the hunks accepted that have a place and are chosen. */
function accepting(
  current: string,
  hunks: readonly Hunk[],
  standings: readonly Standing[],
  chosen: (i: number) => boolean,
): string {
  let text = current;
  for (let i = hunks.length - 1; i >= 0; --i) {
    const { kind, start, end } = standings[i]!;
    if (kind === 'anchored' && chosen(i))
      text = text.slice(0, start) + hunks[i]!.added.join('') + text.slice(end);
  }
  return text;
}

const twenty = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
const swap = (changes: Readonly<Record<number, string>>): string =>
  twenty.map((line, i) => changes[i] ?? line).join('');
const base = twenty.join('');

describe('places of hunks', () => {
  it('are where the base has them, in the base', () => {
    const { standings } = placed(base, swap({ 3: 'three\n', 9: '', 15: 'line 15\nnew\n' }), base);
    const at = (line: number): number => twenty.slice(0, line).join('').length;
    expect(standings).toEqual([
      { kind: 'anchored', start: at(3), end: at(4) },
      { kind: 'anchored', start: at(9), end: at(10) },
      { kind: 'anchored', start: at(16), end: at(16) },
    ]);
  });

  it('move with the text above', () => {
    const current = `top\ntop\n${swap({ 6: '' })}`;
    const { hunks, standings } = placed(base, swap({ 3: 'three\n', 9: 'nine\n' }), current);
    expect(accepting(current, hunks, standings, () => true)).toBe(
      `top\ntop\n${swap({ 3: 'three\n', 6: '', 9: 'nine\n' })}`,
    );
  });

  it('are refused where their lines were edited, and kept elsewhere', () => {
    const { standings } = placed(base, swap({ 3: 'three\n', 9: 'nine\n' }), swap({ 9: 'mine\n' }));
    expect(standings.map(({ kind }) => kind)).toEqual(['anchored', 'refused']);
    expect(standings[1]).toMatchObject({ reason: 'edited' });
  });

  it('are refused where other lines were inserted at the same point, or next to them', () => {
    const inserts = swap({ 9: 'line 9\ntheirs\n' });
    expect(placed(base, inserts, swap({ 9: 'line 9\nmine\n' })).standings).toMatchObject([
      { kind: 'refused', reason: 'inserted' },
    ]);
    expect(placed(base, swap({ 9: 'nine\n' }), swap({ 8: 'mine\n' })).standings).toMatchObject([
      { kind: 'refused', reason: 'edited' },
    ]);
  });

  it('are known where the hunk is in the text already', () => {
    const current = swap({ 1: '', 9: 'nine\nten\n' });
    const { standings } = placed(base, swap({ 3: 'three\n', 9: 'nine\nten\n' }), current);
    const start = current.indexOf('nine');
    expect(standings[1]).toEqual({ kind: 'applied', start, end: start + 'nine\nten\n'.length });
    expect(standings[0]!.kind).toBe('anchored');
  });

  it('are known where accepted hunks are gone again', () => {
    const hunks = hunksBetween(base, swap({ 3: 'three\n', 9: 'nine\n' }));
    const standings = place(twenty, hunks, swap({ 9: 'nine\n' }), () => true);
    expect(standings.map(({ kind }) => kind)).toEqual(['anchored', 'applied']);
  });

  it('are refused, not searched for, in a text that has nothing to do with the base', () => {
    const other = Array.from({ length: 3000 }, (_, i) => `other ${i}\n`).join('');
    expect(placed(base, swap({ 3: 'three\n' }), other).standings).toMatchObject([{ kind: 'refused' }]);
  });

  it('accepting all on the base gives the candidate', () => {
    fc.assert(
      fc.property(repetitive, lineChanges(fewWords), (text, changes) => {
        const candidate = edited(text, changes);
        const { hunks, standings } = placed(text, candidate, text);
        expect(standings.every(({ kind }) => kind === 'anchored')).toBe(true);
        expect(accepting(text, hunks, standings, () => true)).toBe(candidate);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepting any of them is the three-way merge of what the user changed and what was accepted', () => {
    let merges = 0;
    const property = fc.property(
      uniqueText,
      lineChanges(newWords),
      lineChanges(newWords),
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      (text, theirs, mine, choice) => {
        const [candidate, current] = [edited(text, theirs), edited(text, mine)];
        const { hunks, standings } = placed(text, candidate, current);
        const chosen = (i: number): boolean => choice[i % choice.length]!;
        const taken = new Set(hunks.filter((_, i) => chosen(i)));
        const wanted = withHunks(splitLines(text), hunks, (hunk) => taken.has(hunk)).lines;
        const merge = mergeDiff3(splitLines(current), splitLines(text), wanted);
        const refused = hunks.some((_, i) => chosen(i) && standings[i]!.kind === 'refused');
        if (merge.conflict) {
          expect(refused).toBe(true);
        } else if (!refused) {
          ++merges;
          expect(accepting(current, hunks, standings, chosen)).toBe(merge.result.join(''));
        }
      },
    );
    fc.assert(property, { numRuns: 3000 });
    expect(merges).toBeGreaterThan(500);
  });

  it('a hunk is refused where the merge of that hunk alone is a conflict, or would take a part of it', () => {
    const property = fc.property(
      uniqueText,
      lineChanges(newWords),
      lineChanges(newWords),
      (text, theirs, mine) => {
        const current = edited(text, mine);
        const { hunks, standings } = placed(text, edited(text, theirs), current);
        for (const [i, hunk] of hunks.entries()) {
          const wanted = withHunks(splitLines(text), hunks, (other) => other === hunk).lines;
          const { conflict } = mergeDiff3(splitLines(current), splitLines(text), wanted);
          const isOneEdit = !hunk.removed.some((line) => hunk.added.includes(line));
          if (conflict || isOneEdit) expect(standings[i]!.kind === 'refused').toBe(conflict);
        }
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('hold exactly the lines that they say, in order, in whatever text', () => {
    const property = fc.property(
      repetitive,
      lineChanges(fewWords),
      lineChanges(fewWords),
      (text, theirs, mine) => {
        const current = edited(text, mine);
        const { hunks, standings } = placed(text, edited(text, theirs), current);
        let last = 0;
        for (const [i, { kind, start, end }] of standings.entries()) {
          if (kind === 'refused') continue;
          const lines = kind === 'anchored' ? hunks[i]!.removed : hunks[i]!.added;
          expect(current.slice(start, end)).toBe(lines.join(''));
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
        }
      },
    );
    fc.assert(property, { numRuns: 3000 });
  });

  it('what was accepted is found again, and nothing of it is offered twice', () => {
    const property = fc.property(
      uniqueText,
      lineChanges(newWords),
      lineChanges(newWords),
      (text, theirs, mine: LineChange[]) => {
        const current = edited(text, mine);
        const { hunks, standings } = placed(text, edited(text, theirs), current);
        const done = accepting(current, hunks, standings, () => true);
        const known = new Set(hunks.filter((_, i) => standings[i]!.kind !== 'refused'));
        const again = place(splitLines(text), hunks, done, (hunk) => known.has(hunk));
        expect(again.map(({ kind }) => kind)).toEqual(
          standings.map(({ kind }) => (kind === 'refused' ? 'refused' : 'applied')),
        );
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});
