import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupAdvantages } from '../../../src/engine/reward/advantage.ts';
import { measuredReward, rejectedReward } from '../../../src/engine/reward/reward.ts';
import { rejectionReasons } from '../../../src/protocol/verdict.ts';

describe('the reward table', () => {
  it('bounds a measured log ratio to [-0.5, 2] and keeps the raw value', () => {
    expect(measuredReward(0.3)).toEqual({ raw: 0.3, shaped: 0.3, failure: false });
    expect(measuredReward(2.7)).toEqual({ raw: 2.7, shaped: 2, failure: false });
    expect(measuredReward(-1.2)).toEqual({ raw: -1.2, shaped: -0.5, failure: false });
    expect(() => measuredReward(Number.NaN)).toThrow(/NaN/);
    expect(() => measuredReward(Number.NEGATIVE_INFINITY)).toThrow(/finite/);
  });

  it('gives failures the values of the design', () => {
    expect(rejectedReward('timeout').shaped).toBe(-0.5);
    for (const reason of [
      'wrong-answers',
      'crash',
      'does-not-compile',
      'does-not-apply',
      'does-not-parse',
    ] as const) {
      expect(rejectedReward(reason)).toEqual({ raw: -1, shaped: -1, failure: true });
    }
    expect(rejectedReward('cheat').shaped).toBe(-1.5);
  });

  it('never rewards a rejection, whatever was measured before it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rejectionReasons),
        fc.double({ min: -5, max: 5, noNaN: true }),
        (reason, ratio) => {
          expect(rejectedReward(reason, ratio).shaped).toBeLessThanOrEqual(0);
          expect(rejectedReward(reason, ratio).raw).toBe(ratio);
        },
      ),
    );
  });

  it('keeps the measured value of a candidate that is only slower', () => {
    expect(rejectedReward('slower', -0.2)).toEqual({ raw: -0.2, shaped: -0.2, failure: false });
    expect(rejectedReward('not-confirmed', 0.02).shaped).toBe(0);
  });
});

describe('advantages in a group', () => {
  it('are centred and of population standard deviation 1', () => {
    const rewards = [0.1, 0.4, -0.2, 0].map(measuredReward);
    const { advantages, zeroVariance, failureVarianceShare } = groupAdvantages(rewards);
    expect(advantages.reduce((sum, a) => sum + a, 0)).toBeCloseTo(0, 12);
    expect(advantages.reduce((sum, a) => sum + a * a, 0) / 4).toBeCloseTo(1, 12);
    expect(zeroVariance).toBe(false);
    expect(failureVarianceShare).toBe(0);
  });

  it('are 0 and flagged where all rewards are equal', () => {
    expect(groupAdvantages([measuredReward(0.1), measuredReward(0.1)])).toMatchObject({
      advantages: [0, 0],
      zeroVariance: true,
    });
  });

  it('tell how much of the spread failures alone make', () => {
    const onlyFailures = groupAdvantages([measuredReward(0), measuredReward(0), rejectedReward('crash')]);
    expect(onlyFailures.failureVarianceShare).toBeCloseTo(1, 12);
    const mixed = groupAdvantages([measuredReward(-0.3), measuredReward(0.3), rejectedReward('timeout')]);
    // Within: 0.09 * 2 / 3 = 0.06; all: values -0.3, 0.3, -0.5 with mean -1/6 have variance 0.43 / 3 - 1 / 36.
    expect(mixed.failureVarianceShare).toBeCloseTo(1 - 0.06 / (0.43 / 3 - 1 / 36), 10);
  });
});
