import type { Rewrite } from './rewrite.ts';
import { batchedNeighbourPrefetch } from './rewrites/batchedNeighbourPrefetch.ts';
import { bitsetVisited } from './rewrites/bitsetVisited.ts';
import { descentPrefetch } from './rewrites/descentPrefetch.ts';
import { hugePages } from './rewrites/hugePages.ts';
import { int8PreliminarySearch } from './rewrites/int8PreliminarySearch.ts';
import { linearCandidatePool } from './rewrites/linearCandidatePool.ts';
import { relaxedNeighbourSelection } from './rewrites/relaxedNeighbourSelection.ts';
import { sparserUpperLevels } from './rewrites/sparserUpperLevels.ts';

/** Every rewrite, in the order in which a program applies them. */
export const catalogue: readonly Rewrite[] = [
  relaxedNeighbourSelection,
  sparserUpperLevels,
  batchedNeighbourPrefetch,
  linearCandidatePool,
  bitsetVisited,
  hugePages,
  descentPrefetch,
  int8PreliminarySearch,
];
