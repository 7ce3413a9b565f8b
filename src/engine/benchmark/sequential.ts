import type { Comparison, Estimate } from '../../protocol/measurement.ts';
import { type BootstrapInput, type BootstrapResult, bootstrapEstimates, logInterval } from './bootstrap.ts';
import { observe } from './levels.ts';
import { criticalValue } from './looks.ts';
import type { RoundSample } from './roundSample.ts';

/** Where rounds come from: a live process pair, or a bank that is replayed. */
export interface RoundSource {
  /** The rounds of the next look; empty when the budget is gone. */
  next(look: number): Promise<readonly RoundSample[]>;
}

export type DecisionSettings = Omit<BootstrapInput, 'observations'> & {
  /** Looks planned, 1 to 5. */
  readonly looks: number;
  /** Half-width of the range called equivalent, on the log scale. */
  readonly equivalence: number;
};

export interface Decision {
  readonly logRatio: Estimate;
  /** Speed ratios (not logs) at the wanted recalls. */
  readonly speedups: readonly Estimate[];
  readonly bootstrap: BootstrapResult;
  readonly rounds: readonly RoundSample[];
  readonly looks: number;
  readonly stopped: Comparison['stopped'];
}

export const equivalenceRange = 0.01;

/**
 * Looks at growing data until the interval of ln(AUC ratio) is off zero, inside the equivalence range, or nothing
 * more comes. Every decision of the product, and every replay of the calibration, is made here.
 */
export async function decideSequentially(source: RoundSource, settings: DecisionSettings): Promise<Decision> {
  const rounds: RoundSample[] = [];
  let decision: Decision | undefined;
  for (let look = 1; look <= settings.looks; look++) {
    const more = await source.next(look);
    if (more.length === 0) break;
    rounds.push(...more);
    decision = lookAt(rounds, look, settings);
    if (decision.stopped !== 'budget') break;
  }
  if (decision === undefined) throw new RangeError('no rounds were measured');
  return decision;
}

function lookAt(rounds: readonly RoundSample[], look: number, settings: DecisionSettings): Decision {
  const random = settings.random.fork(`look ${look}`);
  const bootstrap = bootstrapEstimates({ ...settings, random, observations: observe(rounds) });
  const interval = (estimate: BootstrapResult['logRatio']): Estimate =>
    logInterval(estimate, criticalValue(settings.looks, estimate.df));
  const logRatio = interval(bootstrap.logRatio);
  const speedups = bootstrap.logSpeedups.map((estimate) => {
    const { value, low, high } = interval(estimate);
    return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
  });
  return {
    logRatio,
    speedups,
    bootstrap,
    rounds: [...rounds],
    looks: look,
    stopped: verdict(logRatio, settings),
  };
}

function verdict({ low, high }: Estimate, { equivalence }: DecisionSettings): Comparison['stopped'] {
  if (low > 0 || high < 0) return 'decided';
  return low > -equivalence && high < equivalence ? 'equivalent' : 'budget';
}
