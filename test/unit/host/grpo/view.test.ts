/** What the charts of the view of rounds show, and what is said of a round. */
import { describe, expect, it } from 'vitest';
import { roundText } from '../../../../src/host/grpo/roundText.ts';
import { pointsOf } from '../../../../webview/rounds/view.ts';
import { sampleState } from '../../grpo/sampleRounds.ts';
import { l10n } from '../views/samples.ts';

const { rounds } = sampleState();

describe('charts of rounds', () => {
  it('have a point per round that trained, with what became of it', () => {
    expect(pointsOf(rounds, 'meanReward', null)).toEqual([
      { round: 1, value: 0.125, promoted: true },
      { round: 2, value: 0.375, promoted: false },
    ]);
    expect(pointsOf(rounds, 'kl', null).map(({ value }) => value)).toEqual([0.0125, 0.05]);
  });

  it('show rewards of a module, and the update of all', () => {
    const of = (metric: Parameters<typeof pointsOf>[1]) => pointsOf(rounds, metric, 'refinement')[0]?.value;
    expect([of('meanReward'), of('bestReward'), of('valid')]).toEqual([0, 0.1, 0.5]);
    expect([of('kl'), of('clipFraction'), of('entropy')]).toEqual([0.0125, 0.25, 1.25]);
    expect(pointsOf(rounds, 'meanReward', 'construction')).toEqual([]);
  });
});

describe('a round in a sentence', () => {
  it('says which version samples now, or why none does', () => {
    const [promoted, worse, nothing] = rounds.map((round) => roundText(round, l10n));
    expect(promoted).toContain('pb-1-aaaaaaaa samples from now on');
    expect(worse).toContain('pb-2-bbbbbbbb was not promoted. mean reward 0.100 against 0.200: worse');
    expect(nothing).toContain('nothing was learned. no group could be trained on');
  });
});
