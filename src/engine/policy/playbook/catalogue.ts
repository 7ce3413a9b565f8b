import type { Rewrite } from './rewrite.ts';
import { adaptiveEfConstruction } from './rewrites/adaptiveEfConstruction.ts';
import { adaptiveLookahead } from './rewrites/adaptiveLookahead.ts';
import { batchedNeighbourPrefetch } from './rewrites/batchedNeighbourPrefetch.ts';
import { bitsetVisited } from './rewrites/bitsetVisited.ts';
import { buildSearchPrefetch } from './rewrites/buildSearchPrefetch.ts';
import { byteVisitedTags } from './rewrites/byteVisitedTags.ts';
import { descentPrefetch } from './rewrites/descentPrefetch.ts';
import { diverseEntryPoints } from './rewrites/diverseEntryPoints.ts';
import { earlyExitDistance } from './rewrites/earlyExitDistance.ts';
import { earlyTermination } from './rewrites/earlyTermination.ts';
import { hugePages } from './rewrites/hugePages.ts';
import { independentSums } from './rewrites/independentSums.ts';
import { int4PreliminarySearch } from './rewrites/int4PreliminarySearch.ts';
import { int8PreliminarySearch } from './rewrites/int8PreliminarySearch.ts';
import { linearCandidatePool } from './rewrites/linearCandidatePool.ts';
import { localityReordering } from './rewrites/localityReordering.ts';
import { multiTierEntryPoints } from './rewrites/multiTierEntryPoints.ts';
import { packedCandidatePool } from './rewrites/packedCandidatePool.ts';
import { relaxedNeighbourSelection } from './rewrites/relaxedNeighbourSelection.ts';
import { rerankLookahead } from './rewrites/rerankLookahead.ts';
import { settledRerank } from './rewrites/settledRerank.ts';
import { sparserUpperLevels } from './rewrites/sparserUpperLevels.ts';

/** Every rewrite, in the order in which a program applies them. */
export const catalogue: readonly Rewrite[] = [
  relaxedNeighbourSelection,
  sparserUpperLevels,
  adaptiveEfConstruction,
  diverseEntryPoints,
  localityReordering,
  buildSearchPrefetch,
  batchedNeighbourPrefetch,
  adaptiveLookahead,
  linearCandidatePool,
  packedCandidatePool,
  bitsetVisited,
  byteVisitedTags,
  earlyTermination,
  earlyExitDistance,
  independentSums,
  multiTierEntryPoints,
  hugePages,
  descentPrefetch,
  int8PreliminarySearch,
  int4PreliminarySearch,
  settledRerank,
  rerankLookahead,
];
