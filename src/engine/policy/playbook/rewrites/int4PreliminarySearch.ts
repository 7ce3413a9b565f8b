import { compareCodes } from '../compareCodes.ts';
import type { Rewrite } from '../rewrite.ts';

/** The beam search compares 4-bit codes; the best of what it finds are ranked by exact distance. */
export const int4PreliminarySearch: Rewrite = {
  id: 'int4-preliminary-search',
  module: 'refinement',
  title: '4-bit codes for the beam search, exact re-ranking',
  cause:
    'Codes are an eighth of the bytes per comparison, and memory traffic bounds a search; re-ranking repairs the order.',
  parameters: [
    {
      name: 'rerank',
      values: [1, 2, 4],
      meaning: 'nodes ranked again by exact distance, per result asked for',
    },
    {
      name: 'clip',
      values: [0, 5, 10],
      meaning: 'share of the values, in per mille at either end, that the range of the codes leaves out',
    },
    {
      name: 'variance',
      values: [990, 998, 1000],
      meaning: 'share of the variance, in per mille, that the coded dimensions hold at least',
    },
  ],
  conflictsWith: ['int8-preliminary-search'],
  apply(source, { rerank = 2, clip = 5, variance = 1000 }) {
    return compareCodes(source, { bits: 4, clip, variance }, rerank);
  },
};
