import type { Estimate } from '../protocol/measurement.ts';
import type { Aggregate } from '../protocol/optimize.ts';

/**
 * One gain from the gains on several datasets, as log ratios. `geomean`: their mean, with the interval of a mean of
 * independent estimates. `worst`: the least, with its own interval.
 */
export function aggregateGains(gains: readonly Estimate[], aggregate: Aggregate): Estimate {
  const [first, ...rest] = gains;
  if (first === undefined) throw new RangeError('no gains to aggregate');
  if (aggregate === 'worst')
    return rest.reduce((least, gain) => (gain.value < least.value ? gain : least), first);
  const value = gains.reduce((sum, gain) => sum + gain.value, 0) / gains.length;
  const spread = (side: (gain: Estimate) => number): number =>
    Math.sqrt(gains.reduce((sum, gain) => sum + side(gain) ** 2, 0)) / gains.length;
  return {
    value,
    low: value - spread((gain) => gain.value - gain.low),
    high: value + spread((gain) => gain.high - gain.value),
  };
}
