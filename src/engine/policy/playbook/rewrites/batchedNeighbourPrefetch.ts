import { batchLoop, isBatched } from '../batchedLoop.ts';
import { unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole } from '../editRole.ts';
import { prefetchParameters, readPrefetch, rowAccess } from '../prefetchCode.ts';
import type { Rewrite } from '../rewrite.ts';
import { batchTaggedLoop } from '../taggedBatch.ts';
import { findTaggedLoop } from '../taggedLoop.ts';

/** Gathers a node's unvisited neighbours first, then compares them while the rows of later ones load. */
export const batchedNeighbourPrefetch: Rewrite = {
  id: 'batched-neighbour-prefetch',
  module: 'search',
  title: 'Gather unvisited neighbours and prefetch their rows',
  cause: 'Rows are read at random: requesting them some neighbours ahead hides most of the memory latency.',
  parameters: prefetchParameters,
  conflictsWith: [],
  apply(source, values) {
    const prefetch = readPrefetch(values);
    return editRole(source, 'neighbourLoop', (site) => {
      const search = unwrapTemplate(site.node);
      if (isBatched(search)) return declined('the search gathers unvisited neighbours already');
      const tagged = findTaggedLoop(search);
      if (tagged.kind === 'found') return batchTaggedLoop(site, search, tagged.found, prefetch);
      const access = rowAccess(source);
      return access.kind === 'declined' ? access : batchLoop(site, search, access, prefetch);
    });
  },
};
