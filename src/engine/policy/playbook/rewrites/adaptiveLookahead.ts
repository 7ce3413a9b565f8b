import { batchLoop, isBatched } from '../batchedLoop.ts';
import { unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole } from '../editRole.ts';
import { prefetchParameters, readPrefetch, rowAccess } from '../prefetchCode.ts';
import type { Rewrite } from '../rewrite.ts';

/** As `batched-neighbour-prefetch`, with a lookahead that follows the length of a row. */
export const adaptiveLookahead: Rewrite = {
  id: 'adaptive-lookahead',
  module: 'search',
  title: 'Prefetch with a lookahead that follows the row size',
  cause:
    'What hides the memory latency is the number of cache lines in flight: few long rows, or many short ones.',
  parameters: [
    ...prefetchParameters.filter(({ name }) => name !== 'lookahead'),
    {
      name: 'inFlight',
      values: [16, 32, 64],
      meaning: 'cache lines of 64 bytes that the rows requested ahead make up',
    },
  ],
  conflictsWith: ['batched-neighbour-prefetch'],
  apply(source, values) {
    const access = rowAccess(source);
    if (access.kind === 'declined') return access;
    const { depth, level } = readPrefetch(values);
    const prefetch = { depth, level, inFlight: values.inFlight ?? 32 };
    return editRole(source, 'neighbourLoop', (site) => {
      const search = unwrapTemplate(site.node);
      if (isBatched(search)) return declined('the search gathers unvisited neighbours already');
      return batchLoop(site, search, access, prefetch);
    });
  },
};
