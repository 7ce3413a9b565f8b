import type { PriorTable } from './prior.ts';

/**
 * The prior that ships, before any training. Its logits follow what single rewrites gained at equal recall over the
 * bundled HNSW and one with hnswlib's graph (784-d images, 100-d word vectors): prefetch of whole rows, huge pages and
 * codes carry most of the gain, codes of half the dimensions the most where few of them vary; an early end of converged
 * searches adds to it where beams are wide; a bitset, distances with early exit and wide descents cost a little.
 * sigmoid(3) = 0.95, sigmoid(2) = 0.88, sigmoid(1) = 0.73, sigmoid(-1) = 0.27.
 */
export const publishedPrior: PriorTable = {
  version: 'prior-3',
  rewrites: {
    'relaxed-neighbour-selection': 2,
    'sparser-upper-levels': 1.5,
    // On 784-d images a beam of twice the width gave 2 % slower queries at equal recall, one of four times 5 %; spread
    // entry points gave the same curve, and so does prefetching, which takes 3 % off the build.
    'adaptive-ef-construction': -2,
    'diverse-entry-points': -2,
    'locality-reordering': 2,
    'build-search-prefetch': -1,
    'batched-neighbour-prefetch': 3,
    'adaptive-lookahead': 1,
    'huge-pages': 3,
    'linear-candidate-pool': 0.5,
    'packed-candidate-pool': 2,
    'bitset-visited': -2,
    'byte-visited-tags': -1,
    'early-termination': 2,
    'early-exit-distance': -2,
    'independent-sums': 2,
    'multi-tier-entry-points': -1.5,
    'descent-prefetch': 1,
    // 4-bit codes are the faster ones on images and useless on word vectors, whose values they confuse.
    'int8-preliminary-search': 1.5,
    'int4-preliminary-search': 1.5,
    'settled-rerank': 0.5,
    'rerank-lookahead': -0.5,
  },
  default: 0.5,
  values: {
    // 16 % with a factor of 8: 12 % over the window on 784-d images; each alone half of that.
    'relaxed-neighbour-selection slack=16': 1,
    'sparser-upper-levels factor=8': 1,
    'sparser-upper-levels factor=4': 0.5,
    // A query is bound by memory: fetching a whole row into L2, a row or two ahead, hides most of its latency.
    'batched-neighbour-prefetch depth=64': 2,
    'batched-neighbour-prefetch level=2': 2,
    'batched-neighbour-prefetch lookahead=2': 0.5,
    'huge-pages fromMiB=2': 0.5,
    'early-termination patience=40': 0.5,
    'int8-preliminary-search bits=8': 2,
    'int8-preliminary-search rerank=2': 1,
    'int8-preliminary-search clip=0': 1.5,
    'int8-preliminary-search variance=990': 0.5,
    'int8-preliminary-search variance=1000': 0.5,
    'int4-preliminary-search rerank=4': 1.5,
    'int4-preliminary-search clip=0': 0.5,
    'int4-preliminary-search variance=1000': 0.5,
    'settled-rerank patience=4': 0.5,
  },
};
