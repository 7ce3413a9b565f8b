import { describe, expect, it } from 'vitest';
import { askedAbout, bestOf } from '../../../../src/host/agents/subject.ts';
import { candidate, estimate, group, run } from '../views/samples.ts';

const slow = candidate('g1c1', { verdict: { kind: 'accepted' }, gain: estimate(0.02) });
const fast = candidate('g1c2', { verdict: { kind: 'accepted' }, gain: estimate(0.4) });
const wrong = candidate('g1c3', {
  verdict: { kind: 'rejected', reason: 'recall', check: 'recall', detail: 'too low' },
  gain: estimate(0.9),
});
const newest = run({ id: '20260201-101112-abcd', groups: [group([slow, fast, wrong])] });
const older = run({ id: '20260101-000000-beef', groups: [group([candidate('g1c1')])] });
const runs = [newest, older];

describe('what a prompt is about', () => {
  it('is the best candidate of the newest run where nothing is named', () => {
    const { subject, question } = askedAbout('  why is it faster? ', runs);
    expect(subject).toEqual({ run: newest, candidate: 'g1c2', view: fast });
    expect(question).toBe('why is it faster?');
  });

  it('is the candidate and the run that are named, in whatever marks; the rest is the question', () => {
    const { subject, question } = askedAbout(`why was \`g1c3\` of (${newest.id}), rejected?`, runs);
    expect(subject?.candidate).toBe('g1c3');
    expect(question).toBe('why was of rejected?');
    expect(askedAbout(`${older.id} g1c1`, runs).subject).toMatchObject({ run: older, candidate: 'g1c1' });
    expect(askedAbout(`${older.id} g1c1`, runs).question).toBe('');
  });

  it('is not a candidate that the run does not have', () => {
    expect(askedAbout(`${older.id} g1c9`, runs)).toMatchObject({
      subject: { candidate: 'g1c1' },
      question: 'g1c9',
    });
  });

  it('passes over a newest run that has no candidate yet, unless it is named', () => {
    const begun = run({ id: 'begun', status: 'active' });
    expect(askedAbout('', [begun, newest]).run).toBe(newest);
    expect(askedAbout('begun', [begun, newest])).toMatchObject({ run: begun, subject: undefined });
    expect(askedAbout('', [begun]).run).toBe(begun);
  });

  it('is nothing where there are no runs', () => {
    expect(askedAbout('g1c1 why?', [])).toEqual({
      subject: undefined,
      run: undefined,
      question: 'g1c1 why?',
    });
  });
});

describe('the best of a run', () => {
  it('is everything together where that was confirmed, with the only winner', () => {
    const won = { ...fast, won: true };
    const done = run({ gain: estimate(0.4), groups: [group([won, slow])] });
    expect(bestOf(done)).toEqual({ run: done, candidate: 'best', view: won });
    const two = run({ gain: estimate(0.4), groups: [group([won]), group([{ ...slow, won: true }])] });
    expect(bestOf(two)).toEqual({ run: two, candidate: 'best', view: null });
  });

  it('is never a rejected candidate while an accepted one is there', () => {
    expect(bestOf(newest)?.candidate).toBe('g1c2');
    expect(bestOf(run({ groups: [group([wrong])] }))?.candidate).toBe('g1c3');
  });
});
