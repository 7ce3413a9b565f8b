import type { Node } from 'web-tree-sitter';
import { replaceBody } from '../classBodies.ts';
import type { Method } from '../cppClass.ts';
import { replaceNode } from '../cppEdit.ts';
import { functionName, parametersOf } from '../cppFunction.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { declaredName, descendants, plainName } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** Lays the nodes out in memory in the order in which a breadth-first walk over level 0 meets them. */
export const localityReordering: Rewrite = {
  id: 'locality-reordering',
  module: 'construction',
  title: 'Neighbours near each other in memory',
  cause:
    'A search reads rows and lists of nodes near each other: close in memory, they share pages and lines.',
  parameters: [],
  conflictsWith: [],
  apply: (source) => editRole(source, 'neighbourSelection', reorder),
};

function reorder(site: RoleSite): SiteEdits {
  const order = descendants(site.root, ({ type }) => type === 'function_definition').find(
    (definition) => plainName(functionName(definition) ?? '') === 'memoryorder',
  );
  const body = order?.childForFieldName('body');
  const [parameter, ...rest] = order ? parametersOf(order) : [];
  if (!order || !body || !parameter || rest.length > 0) {
    return declined(
      `${site.file} has no function MemoryOrder(graph) that says in which order nodes lie in memory`,
    );
  }
  if (body.text.replaceAll(/\s/g, '') !== '{return{};}')
    return declined('nodes have an order in memory already');
  const includes = addSystemIncludes(site.root, site.text, ['cstddef', 'cstdint', 'vector']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const named = graphName(parameter);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      ...(named === undefined ? [replaceNode(parameter, `${parameter.text.trim()} graph`)] : []),
      replaceBody(site.text, { node: order, body } as Method, breadthFirst(named ?? 'graph')),
    ],
    note: 'nodes lie in the breadth-first order of level 0, from the entry point on',
  };
}

function graphName(parameter: Node): string | undefined {
  const declarator = parameter.childForFieldName('declarator');
  return declarator ? declaredName(declarator) : undefined;
}

function breadthFirst(graph: string): string {
  return `// Breadth first on level 0: what one search reads lies close together, on fewer pages.
std::vector<std::uint32_t> order;
order.reserve(${graph}.size());
std::vector<bool> placed(${graph}.size(), false);
const auto place = [&](std::uint32_t node) {
  if (!placed[node]) order.push_back(node);
  placed[node] = true;
};
if (${graph}.size() > 0) place(${graph}.entry_point());
std::uint32_t unreached = 0;
for (std::size_t next = 0; next < ${graph}.size(); ++next) {
  // The walk has ended: it goes on from a node that it has not met.
  while (next == order.size()) place(unreached++);
  for (const std::uint32_t id : ${graph}.neighbours(order[next], 0)) place(id);
}
return order;`;
}
