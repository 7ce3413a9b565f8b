import type { Node } from 'web-tree-sitter';
import { findCountedLoop, prefetchCounted } from '../countedDescent.ts';
import { type Edit, indentAt, insertAfter, insertAtTop, reindent, replaceNode } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { callsIn, declaredName, declares, descendants, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
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

/** Prefetches the rows of the neighbours that the greedy descent through the upper levels compares. */
export const descentPrefetch: Rewrite = {
  id: 'descent-prefetch',
  module: 'refinement',
  title: 'Prefetch rows in the descent through the upper levels',
  cause:
    'A quarter of the rows that a narrow search reads are read by the descent, each at full memory latency.',
  parameters: prefetchParameters,
  conflictsWith: [],
  apply(source, values) {
    const prefetch = readPrefetch(values);
    return editRole(source, 'entryPoint', (site) => {
      const definition = unwrapTemplate(site.node);
      const counted = findCountedLoop(definition);
      if (counted) return prefetchCounted(site, definition, counted, prefetch);
      const access = rowAccess(source);
      return access.kind === 'declined' ? access : rewriteDescent(site, access, prefetch);
    });
  },
};

interface GreedyLoop {
  readonly functionBody: Node;
  readonly loop: Node;
  readonly body: Node;
  readonly list: string;
  readonly id: string;
  readonly idType: string;
  readonly distance: string;
}

function rewriteDescent(site: RoleSite, access: RowAccess, prefetch: Prefetch): SiteEdits {
  const greedy = [site.node, ...calledHere(site)].flatMap(
    (node) => findGreedyLoop(unwrapTemplate(node)) ?? [],
  )[0];
  if (!greedy) {
    return declined(
      'no loop such as `for (id : neighbours(...))` with a call `distance(id)` was found in the descent',
    );
  }
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const preamble = prefetchPreamble(greedy.distance, greedy.idType, access, prefetch);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      insertWhereKnown(site.text, greedy, preamble),
      replaceNode(greedy.loop, indexedLoop(site.text, greedy)),
    ],
    note: `in the descent, ${prefetchNote(prefetch)}`,
  };
}

/** At the top of the function, or behind the declaration of the distance where that is a local variable. */
function insertWhereKnown(text: string, { functionBody, distance }: GreedyLoop, code: string): Edit {
  const declaration = functionBody.namedChildren.find((statement) => declares(statement, distance));
  return declaration ? insertAfter(text, declaration, code) : insertAtTop(text, functionBody, code);
}

/** Definitions of this file that the role's function calls by name. */
function calledHere({ root, node }: RoleSite): readonly Node[] {
  const names = new Set(callsIn(node).map(({ name }) => name));
  return descendants(root, ({ type }) => type === 'function_definition').filter((definition) => {
    const declarator = descendants(definition, ({ type }) => type === 'function_declarator')[0];
    return names.has(declarator?.childForFieldName('declarator')?.text ?? '');
  });
}

function findGreedyLoop(definition: Node): GreedyLoop | undefined {
  const functionBody = definition.childForFieldName('body');
  const loops = descendants(definition, ({ type }) => type === 'for_range_loop');
  for (const loop of loops) {
    const declarator = loop.childForFieldName('declarator');
    const list = loop.childForFieldName('right')?.text;
    const idType = loop.childForFieldName('type')?.text;
    const body = loop.childForFieldName('body');
    const id = declarator ? declaredName(declarator) : undefined;
    if (!functionBody || !body || !list || !idType || !id) continue;
    const distance = callsIn(body).find(
      (call) =>
        call.object === undefined && call.arguments[0]?.text === id && !call.callee.includes('prefetch'),
    )?.callee;
    if (distance && body.type === 'compound_statement') {
      return { functionBody, loop, body, list, id, idType, distance };
    }
  }
  return undefined;
}

function indexedLoop(text: string, { loop, body, list, id, idType }: GreedyLoop): string {
  const margin = indentAt(text, loop.startIndex);
  const head = `const auto neighbours = ${list};
for (std::size_t i = 0; i < std::min(kPrefetchAhead, neighbours.size()); ++i) {
  prefetch_row(neighbours[i]);
}
for (std::size_t i = 0; i < neighbours.size(); ++i) {
  if (i + kPrefetchAhead < neighbours.size()) prefetch_row(neighbours[i + kPrefetchAhead]);
  const ${idType} ${id} = neighbours[i];`;
  return reindent(head, margin).slice(margin.length) + text.slice(body.startIndex + 1, body.endIndex);
}
