import type { Node } from 'web-tree-sitter';
import { withTrailingComments } from '../cppEdit.ts';
import { unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';
import { readPool, sortPool } from '../sortedPool.ts';
import { fieldsOf } from '../structFields.ts';

/** Keeps the pool as one sorted array instead of two heaps. */
export const linearCandidatePool: Rewrite = {
  id: 'linear-candidate-pool',
  module: 'search',
  title: 'Sorted array as candidate pool',
  cause:
    'A pool of some ten to hundred nodes is moved faster as one sorted array than sifted through two heaps.',
  parameters: [],
  conflictsWith: [],
  apply: (source) => editRole(source, 'candidatePool', rewritePool),
};

function rewritePool(site: RoleSite): SiteEdits {
  if (unwrapTemplate(site.node).type === 'function_definition') return declined(reasonAgainst(site.node));
  const pool = readPool(site);
  if (pool.kind === 'declined') return pool;
  const { node } = pool;
  const distance = distanceField(site.root, node);
  if (distance === undefined) return declined(`\`${node}\` has no single floating-point field to sort by`);
  return sortPool(site, pool, {
    distance,
    reset: 'expanded_.clear();\n',
    push: (name) => push(name, node, distance),
    pop: pop(node),
    sorted: 'return found_;',
    bytes: `return found_.capacity() * sizeof(${node}) + expanded_.capacity();`,
    privates: `std::size_t ef_ = 0;
// Small enough to be moved faster as one sorted array than sifted through two heaps.
${withTrailingComments([
  [`std::vector<${node}> found_;`, 'at most ef, nearest first'],
  ['std::vector<std::uint8_t> expanded_;', 'per node of found_: whether it was popped'],
  ['std::size_t next_ = 0;', 'the nearest node that waits'],
])}`,
    note: 'one sorted array replaces the two heaps',
  });
}

/** Why the queues of a search function are left as they are. */
function reasonAgainst({ text }: Node): string {
  if (!text.includes('std::priority_queue'))
    return 'the search keeps its candidates in no class of their own';
  if (!/filter|allowed|deleted|stop/i.test(text)) {
    return 'the candidates are in `std::priority_queue`s of the search, not in a class of their own';
  }
  return (
    'one `std::priority_queue` of the search also holds nodes that it may pass through and not return (deleted ones ' +
    'or those that a filter refuses), so that one array of the best nodes cannot replace both'
  );
}

function push(name: string, node: string, distance: string): string {
  return `const auto at = std::upper_bound(
    found_.begin(), found_.end(), ${name},
    [](const ${node}& a, const ${node}& b) { return a.${distance} < b.${distance}; });
const auto place = static_cast<std::size_t>(at - found_.begin());
if (full()) {
  found_.pop_back();
  expanded_.pop_back();
}
found_.insert(found_.begin() + static_cast<std::ptrdiff_t>(place), ${name});
expanded_.insert(expanded_.begin() + static_cast<std::ptrdiff_t>(place), 0);
next_ = std::min(next_, place);`;
}

function pop(node: string): string {
  return `const ${node} nearest = found_[next_];
expanded_[next_] = 1;
while (next_ < found_.size() && expanded_[next_] != 0) ++next_;
return nearest;`;
}

/** The only float or double field of a struct of this file. */
function distanceField(root: Node, name: string): string | undefined {
  const [only, ...more] = fieldsOf(root, name).filter(({ type }) => type === 'float' || type === 'double');
  return more.length === 0 && only?.name !== '' ? only?.name : undefined;
}
