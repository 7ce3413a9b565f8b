import type { GrpoRoundReport } from '../../src/protocol/grpo.ts';
import type { ModuleName } from '../../src/protocol/module.ts';

export const metrics = ['meanReward', 'bestReward', 'valid', 'kl', 'clipFraction', 'entropy'] as const;
export type Metric = (typeof metrics)[number];

/** One round in one chart. */
export interface RoundPoint {
  /** 1-based, over all rounds. */
  readonly round: number;
  readonly value: number;
  readonly promoted: boolean;
}

/** What a chart shows: a point per round that trained, of one module where that is kept apart. */
export function pointsOf(
  rounds: readonly GrpoRoundReport[],
  metric: Metric,
  module: ModuleName | null,
): RoundPoint[] {
  return rounds.flatMap((report, i) => {
    const value = metricOf(report, metric, module);
    return value === undefined ? [] : [{ round: i + 1, value, promoted: report.promoted }];
  });
}

/** Undefined where the round did not train, or not on the module. An update is one over all modules. */
function metricOf(
  { training, perModule }: GrpoRoundReport,
  metric: Metric,
  module: ModuleName | null,
): number | undefined {
  if (training === null) return undefined;
  const rewards = module === null ? training : perModule.find((own) => own.module === module);
  switch (metric) {
    case 'meanReward':
      return rewards?.meanReward;
    case 'bestReward':
      return rewards?.bestReward;
    case 'valid':
      return rewards?.validFraction;
    case 'kl':
      return training.kl;
    case 'clipFraction':
      return training.clipFraction;
    case 'entropy':
      return training.entropy;
  }
}
