/** Which candidates share a judgement, within a group and over groups. */
import { describe, expect, it } from 'vitest';
import { type Candidate, newCandidate, rewardOf } from '../../../src/engine/judged.ts';
import { rejected } from '../../../src/engine/rejection.ts';
import { JudgedPrograms, withTwins } from '../../../src/engine/twins.ts';
import type { Verdict } from '../../../src/protocol/verdict.ts';

const before = new Map([['a.h', 'int a;\n']]);

interface Made {
  /** What `a.h` becomes; none: the completion could not be read. */
  readonly code?: string;
  readonly codeHash?: string;
  readonly verdict?: Verdict;
}

function candidate(id: string, { code, codeHash, verdict }: Made): Candidate {
  const outcome =
    code === undefined
      ? ({ kind: 'rejected', reason: 'does-not-parse', detail: 'no code' } as const)
      : ({ kind: 'files', files: new Map([['a.h', code]]), notes: [] } as const);
  const made = newCandidate(id, { text: `${id} says`, tokenIds: [1], logprobs: [-1], outcome }, before);
  if (codeHash !== undefined) made.codeHash = codeHash;
  if (verdict !== undefined) made.verdict = verdict;
  return made;
}

const sameAs = (group: readonly Candidate[]) => group.map((c) => c.sameAs);
const accepted: Verdict = { kind: 'accepted' };

describe('withTwins', () => {
  it('finds the first of equal texts in a group', () => {
    const group = ['int b;', 'int c;', 'int b;', 'int b;'].map((code, i) => candidate(`c${i}`, { code }));
    expect(sameAs(withTwins(group, []))).toEqual([undefined, undefined, 'c0', 'c0']);
  });

  it('finds code that is written otherwise by its hash', () => {
    const group = [
      candidate('c0', { code: 'int b;', codeHash: 'b' }),
      candidate('c1', { code: 'int  b;', codeHash: 'b' }),
      candidate('c2', { code: 'int   b;' }),
    ];
    expect(sameAs(withTwins(group, []))).toEqual([undefined, 'c0', undefined]);
  });

  it('names the one that is measured, however long the chain to it', () => {
    const first = candidate('g1c0', { code: 'int b;', codeHash: 'b' });
    const group = [
      candidate('g2c0', { code: 'int  b;', codeHash: 'b' }),
      // Its own code hash was not taken: it is the text of the one before it.
      candidate('g2c1', { code: 'int  b;' }),
    ];
    // First within the group, as before it is compiled, then over groups.
    expect(sameAs(withTwins(group, []))).toEqual([undefined, 'g2c0']);
    expect(sameAs(withTwins(group, [first]))).toEqual(['g1c0', 'g1c0']);
  });

  it('takes completions without code for no twins', () => {
    expect(sameAs(withTwins([candidate('c0', {}), candidate('c1', {})], []))).toEqual([undefined, undefined]);
  });
});

describe('JudgedPrograms', () => {
  const twinOf = (judged: Candidate, made: Made): string | undefined => {
    const programs = new JudgedPrograms();
    programs.add('search', [judged]);
    return withTwins([candidate('late', made)], programs.of('search'))[0]?.sameAs;
  };

  it.each<[string, Verdict]>([
    ['accepted', accepted],
    ['rejected', rejected('wrong-answers', 'answers-valid', 'row 1')],
  ])('knows what was %s', (_, verdict) => {
    const judged = candidate('old', { code: 'int b;', codeHash: 'b', verdict });
    expect(twinOf(judged, { code: 'int b;' })).toBe('old');
    expect(twinOf(judged, { code: 'int  b;', codeHash: 'b' })).toBe('old');
    expect(twinOf(judged, { code: 'int c;', codeHash: 'c' })).toBeUndefined();
  });

  it.each<[string, Verdict | undefined]>([
    ['failed', { kind: 'failed', error: 'no reply' }],
    ['was cancelled', { kind: 'cancelled' }],
    ['was not judged', undefined],
  ])('has what %s measured again', (_, verdict) => {
    const judged = candidate('old', {
      code: 'int b;',
      codeHash: 'b',
      ...(verdict === undefined ? {} : { verdict }),
    });
    expect(twinOf(judged, { code: 'int b;', codeHash: 'b' })).toBeUndefined();
  });

  it('lets code that was refused for its style be written otherwise', () => {
    const verdict = rejected('style', 'style-growth', 'too many lines');
    const judged = candidate('old', { code: 'int b;', codeHash: 'b', verdict });
    expect(twinOf(judged, { code: 'int b;' })).toBe('old');
    expect(twinOf(judged, { code: 'int  b;', codeHash: 'b' })).toBeUndefined();
  });

  it('keeps modules apart, each program once, and what it is worth without its text', () => {
    const programs = new JudgedPrograms();
    const first = candidate('g1c0', {
      code: 'int b;',
      verdict: rejected('wrong-answers', 'answers-valid', ''),
    });
    const twin = candidate('g1c1', { code: 'int b;', verdict: first.verdict! });
    programs.add('search', withTwins([first, twin], []));
    programs.add('search', [candidate('g2c0', { code: 'int c;', verdict: accepted })]);
    expect(programs.of('construction')).toEqual([]);
    const kept = programs.of('search');
    expect(kept.map(({ id }) => id)).toEqual(['g1c0', 'g2c0']);
    expect(kept[0]?.completion).toMatchObject({ text: '', tokenIds: [], logprobs: [] });
    expect(kept[0]?.files.size).toBe(0);
    expect(rewardOf(kept[0]!, 'geomean')).toEqual(rewardOf(first, 'geomean'));
  });
});
