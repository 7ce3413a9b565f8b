import { metricNames } from '../../../../protocol/dataset.ts';
import { moduleNames } from '../../../../protocol/module.ts';
import { mean, standardDeviation } from '../../../statistics.ts';
import type { Situation } from './situation.ts';

const isaNames = ['avx2', 'avx512f', 'avx512vnni', 'neon'] as const;

/** Numbers that `contextFeatures` gives. */
export const contextSize = moduleNames.length + metricNames.length + isaNames.length + 6 + 3;

/**
 * Module, dataset, index and machine as numbers of the order of 1. Sizes are logarithms around a customary value: what
 * a rewrite gains follows ratios (of the vectors to the last-level cache, of a row to a cache line).
 */
export function contextFeatures({ module, facts, exemplars }: Situation): Float64Array {
  const { n, dim, metric, M, efConstruction, isa, llcBytes } = facts;
  const cache = Math.max(llcBytes, 2 ** 20);
  const scores = exemplars.map(({ score }) => score);
  const none = scores.length === 0;
  return Float64Array.from([
    ...moduleNames.map((name) => Number(name === module)),
    ...metricNames.map((name) => Number(name === metric)),
    ...isaNames.map((name) => Number(isa.includes(name))),
    Math.log(n / 1e5) / 3,
    Math.log(dim / 128) / 2,
    Math.log(M / 16),
    Math.log(efConstruction / 200),
    Math.log(cache / 2 ** 25) / 2,
    Math.log((n * dim * 4) / cache) / 3,
    Math.log1p(scores.length) / 3,
    none ? 0 : mean(scores),
    none ? 0 : standardDeviation(scores),
  ]);
}
