import type { Node } from 'web-tree-sitter';
import { blockText, indentAt, insertAtTop, reindent, replaceNode } from './cppEdit.ts';
import { addSystemIncludes } from './cppIncludes.ts';
import { declined, type RoleSite, type SiteEdits } from './editRole.ts';
import { findNeighbourLoop, type NeighbourLoop } from './neighbourLoop.ts';
import {
  type AdaptivePrefetch,
  aheadName,
  type Prefetch,
  prefetchNote,
  prefetchPreamble,
  type RowAccess,
} from './prefetchCode.ts';

/** Makes a search gather a node's unvisited neighbours first, then compare them while the rows of later ones load. */
export function batchLoop(
  site: RoleSite,
  search: Node,
  access: RowAccess,
  prefetch: Prefetch | AdaptivePrefetch,
): SiteEdits {
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
      replaceNode(result.found.loop, batchedLoop(site, result.found, aheadName(prefetch))),
    ],
    note: `gathers unvisited neighbours; ${prefetchNote(prefetch)}`,
  };
}

export function isBatched(search: Node): boolean {
  return /\bunvisited\b/.test(search.text);
}

function batchedLoop({ text }: RoleSite, parts: NeighbourLoop, ahead: string): string {
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
for (std::size_t i = 0; i < std::min(${ahead}, unvisited.size()); ++i) {
  prefetch_row(unvisited[i]);
}
for (std::size_t i = 0; i < unvisited.size(); ++i) {
  if (i + ${ahead} < unvisited.size()) prefetch_row(unvisited[i + ${ahead}]);
  const ${idType} ${id} = unvisited[i];
${work.map((node) => inner(blockText(text, node))).join('\n')}
}`;
  return reindent(code, margin).slice(margin.length);
}
