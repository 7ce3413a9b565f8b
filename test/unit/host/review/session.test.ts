import { describe, expect, it } from 'vitest';
import { ReviewSession } from '../../../../src/host/review/session.ts';
import { asCommandTarget, asHunkTarget, asLineTarget } from '../../../../src/host/review/target.ts';
import {
  acceptedText,
  causesAt,
  hunkLabel,
  pendingText,
  refusedText,
} from '../../../../src/host/review/texts.ts';
import type { Change } from '../../../../src/protocol/engine.ts';

const l10n = {
  t: (message: string, ...args: (string | number | boolean)[]): string =>
    message.replace(/\{(\d)\}/g, (_, i) => String(args[Number(i)])),
};
const base = 'zero\none\ntwo\nthree\nfour\nfive\n';
const files = [
  { file: 'include/search.h', base, text: 'zero\nONE\nuno\ntwo\nthree\nnew\nfour\nfive\n' },
  { file: 'include/order.h', base, text: 'zero\none\ntwo\nthree\nfour\n' },
];
const change: Change = {
  run: 'r1',
  candidate: 'g1c1',
  module: 'search',
  title: 'g1c1',
  gain: null,
  analysis: '',
  design: '',
  parts: [{ part: 'prefetch', cause: 'Rows are read at random.', gain: null }],
  files,
};
const ref = { root: '/w', run: 'r1', candidate: 'g1c1' };

function session(changes: Partial<Change> = {}): ReviewSession {
  const made = new ReviewSession(ref, { ...change, ...changes });
  for (const file of made.files) file.open(base, '\n');
  return made;
}

describe('a review', () => {
  it('numbers hunks over all files and counts what was decided', () => {
    const review = session();
    expect(review.all.map((hunk) => review.numberOf(hunk))).toEqual([1, 2, 3]);
    expect(review.counts).toEqual({ pending: 3, accepted: 0, rejected: 0, refused: 0 });
    review.files[0]!.decide(0, 'rejected');
    review.files[1]!.open('five\n', '\n');
    expect(review.counts).toEqual({ pending: 1, accepted: 0, rejected: 1, refused: 1 });
    expect(review.refused).toMatchObject([{ index: 0, reason: 'edited' }]);
  });

  it('finds the hunk on a line: an insertion is on the two lines that it goes between', () => {
    const review = session();
    const at = (line: number): number | undefined => review.pendingAt('include/search.h', line)?.index;
    expect([0, 1, 2, 3, 4, 5, 9].map(at)).toEqual([undefined, 0, undefined, 1, 1, undefined, undefined]);
    expect(review.pendingAt('include/other.h', 1)).toBeUndefined();
    const merged = (line: number): number | undefined =>
      review.pendingInMerged('include/search.h', line)?.index;
    expect([0, 1, 2, 3, 4, 5, 6].map(merged)).toEqual([undefined, 0, 0, undefined, undefined, 1, undefined]);
  });

  it('goes to the next and the previous pending hunk, over files and around the end', () => {
    const review = session();
    const go = (file: string, line: number, direction: 1 | -1): number => {
      const offset = base.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0);
      return review.numberOf(review.neighbour({ file, offset }, direction)!);
    };
    expect(go('include/search.h', 0, 1)).toBe(1);
    expect(go('include/search.h', 1, 1)).toBe(2);
    expect(go('include/search.h', 4, 1)).toBe(3);
    expect(go('include/order.h', 5, 1)).toBe(1);
    expect(go('include/search.h', 0, -1)).toBe(3);
    expect(go('include/search.h', 4, -1)).toBe(1);
    expect(go('include/order.h', 0, -1)).toBe(2);
    expect(review.numberOf(review.neighbour(undefined, 1)!)).toBe(1);
    review.files[1]!.decide(0, 'accepted');
    expect(go('include/search.h', 4, 1)).toBe(1);
    for (const { file, index } of review.all) file.decide(index, 'rejected');
    expect(review.neighbour(undefined, 1)).toBeUndefined();
  });

  it('keeps decisions for another window', () => {
    const review = session();
    review.files[0]!.decide(1, 'rejected');
    const again = new ReviewSession(ref, change, JSON.parse(JSON.stringify(review.decisions)));
    for (const file of again.files) file.open(base, '\n');
    expect(again.counts).toEqual(review.counts);
    expect(again.files[0]!.decision(1)).toBe('rejected');
  });

  it('names hunks by their keys', () => {
    const review = session();
    const { key } = review.files[0]!.hunks[1]!;
    expect(review.hunk('include/search.h', key)).toMatchObject({ index: 1 });
    expect(review.hunk('include/order.h', key)).toBeUndefined();
  });
});

describe('texts of a review', () => {
  it('labels hunks', () => {
    const review = session();
    expect(hunkLabel(review, review.all[0]!, l10n)).toBe('search: hunk 1 of 3, +2 −1');
    expect(hunkLabel(session({ module: null, candidate: 'best' }), review.all[2]!, l10n)).toContain(
      'best: hunk',
    );
  });

  it('tells one cause everywhere and several at the first hunk', () => {
    const review = session();
    expect(review.all.map((hunk) => causesAt(review, hunk).length)).toEqual([1, 1, 1]);
    const parts = [...change.parts, { part: 'pool', cause: 'A sorted array.', gain: null }];
    const two = session({ parts });
    expect(two.all.map((hunk) => causesAt(two, hunk).length)).toEqual([2, 0, 0]);
    expect(causesAt(two, two.all[0]!)[1]).toBe('pool: A sorted array.');
  });

  it('says how many are left and what cannot be accepted', () => {
    const review = session();
    expect(pendingText(review, l10n)).toBe('3 in 2 files');
    expect(refusedText(review, l10n)).toBeUndefined();
    review.files[1]!.missing();
    expect(pendingText(review, l10n)).toBe('2');
    expect(refusedText(review, l10n)).toBe(
      '1 hunk of search cannot be applied to your code as it is. ' +
        'include/order.h, hunk 3: the file is not there any more.',
    );
    expect(acceptedText(1, 2, l10n)).toBe('Hunk accepted, 2 left');
    expect(acceptedText(5, 0, l10n)).toBe('5 hunks accepted; save to benchmark');
  });
});

describe('arguments of commands', () => {
  it('are told apart, whatever else comes with them', () => {
    expect(asHunkTarget({ uri: 'file:///a', hunk: 'k' })).toEqual({ uri: 'file:///a', hunk: 'k' });
    expect(asHunkTarget({ root: '/w', run: 'r' })).toBeUndefined();
    expect(asLineTarget({ root: '/w', file: 'a.h', line: 3, node: {} })).toEqual({
      root: '/w',
      file: 'a.h',
      line: 3,
    });
    const row: Record<string, unknown> = { root: '/w', run: 'r', candidate: 'c', node: {} };
    row['parent'] = row;
    expect(asCommandTarget(row)).toEqual({ root: '/w', run: 'r', candidate: 'c' });
    expect(asCommandTarget(undefined)).toEqual({});
  });
});
