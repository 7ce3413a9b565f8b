import { blockText, indentAt, insertAtTop, reindent, replaceNode } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import { findNeighbourLoop, type NeighbourLoop } from '../neighbourLoop.ts';
import {
  type Prefetch,
  prefetchNote,
  prefetchParameters,
  prefetchPreamble,
  type RowAccess,
  readPrefetch,
  rowAccess,
} from '../prefetchCode.ts';
import type { Rewrite } from '../rewrite.ts';

/** Gathers a node's unvisited neighbours first, then compares them while the rows of later ones load. */
export const batchedNeighbourPrefetch: Rewrite = {
  id: 'batched-neighbour-prefetch',
  module: 'search',
  title: 'Gather unvisited neighbours and prefetch their rows',
  cause: 'Rows are read at random: requesting them some neighbours ahead hides most of the memory latency.',
  parameters: prefetchParameters,
  conflictsWith: [],
  apply(source, values) {
    const access = rowAccess(source);
    if (access.kind === 'declined') return access;
    return editRole(source, 'neighbourLoop', (site) => rewriteLoop(site, access, readPrefetch(values)));
  },
};

function rewriteLoop(site: RoleSite, access: RowAccess, prefetch: Prefetch): SiteEdits {
  const search = unwrapTemplate(site.node);
  const body = search.childForFieldName('body');
  const result = findNeighbourLoop(search);
  if (result.kind === 'declined') return result;
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef', 'vector']);
  if (!body || !includes) return declined(`${site.file} has no place for its #include lines`);
  const { distance, idType } = result.found;
  const preamble = prefetchPreamble(distance, idType, access, prefetch);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      insertAtTop(site.text, body, `${preamble}\nstd::vector<${idType}> unvisited;`),
      replaceNode(result.found.loop, batchedLoop(site, result.found)),
    ],
    note: `gathers unvisited neighbours; ${prefetchNote(prefetch)}`,
  };
}

function batchedLoop({ text }: RoleSite, parts: NeighbourLoop): string {
  const { loop, header, before, insert, id, idType, work } = parts;
  const margin = indentAt(text, loop.startIndex);
  const gather = [
    ...before.map((node) => blockText(text, node)),
    `if (${insert.node.text}) unvisited.push_back(${id});`,
  ];
  const inner = (code: string): string => reindent(code, '  ');
  const code = `unvisited.clear();
${header} {
${gather.map(inner).join('\n')}
}
for (std::size_t i = 0; i < std::min(kPrefetchAhead, unvisited.size()); ++i) {
  prefetch_row(unvisited[i]);
}
for (std::size_t i = 0; i < unvisited.size(); ++i) {
  if (i + kPrefetchAhead < unvisited.size()) prefetch_row(unvisited[i + kPrefetchAhead]);
  const ${idType} ${id} = unvisited[i];
${work.map((node) => inner(blockText(text, node))).join('\n')}
}`;
  return reindent(code, margin).slice(margin.length);
}
