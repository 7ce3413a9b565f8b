import type { PriorTable } from './prior.ts';

/**
 * The prior that ships, before any training. Its logits follow what single rewrites gained on an HNSW with hnswlib's
 * graph at equal recall (784-d image and 100-d word vectors): prefetch, huge pages and int8 codes carry most of the
 * gain on both, a linear pool and a compact visited set are about neutral alone and pay off together with them.
 * sigmoid(3) = 0.95, sigmoid(2) = 0.88, sigmoid(1) = 0.73, sigmoid(0.5) = 0.62.
 */
export const publishedPrior: PriorTable = {
  version: 'prior-1',
  rewrites: {
    'batched-neighbour-prefetch': 3,
    'huge-pages': 3,
    'linear-candidate-pool': 2,
    'bitset-visited': 1,
    'int8-preliminary-search': 2,
  },
  default: 0.5,
  values: {
    // Hardware fetches the lines that follow the first few of a row; a short lookahead hides one row's latency.
    'batched-neighbour-prefetch depth=4': 0.5,
    'batched-neighbour-prefetch depth=8': 1,
    'batched-neighbour-prefetch lookahead=2': 0.5,
    'batched-neighbour-prefetch lookahead=4': 0.5,
  },
};
