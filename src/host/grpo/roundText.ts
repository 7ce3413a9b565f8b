import type { GrpoRoundReport } from '../../protocol/grpo.ts';
import type { Localize } from '../localize.ts';

/** What came of a round, in a sentence. */
export function roundText(
  { from, version, training, promoted, why }: GrpoRoundReport,
  l10n: Localize,
): string {
  if (training === null || version === null) {
    return l10n.t('GRPO round from {0}: nothing was learned. {1}', from, why);
  }
  const reward = training.meanReward.toFixed(3);
  return promoted
    ? l10n.t('GRPO round from {0}, mean reward {1}: {2} samples from now on. {3}', from, reward, version, why)
    : l10n.t('GRPO round from {0}, mean reward {1}: {2} was not promoted. {3}', from, reward, version, why);
}
