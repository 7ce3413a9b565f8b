import type { Node } from 'web-tree-sitter';
import { withTrailingComments } from '../cppEdit.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';
import { readPool, sortPool } from '../sortedPool.ts';
import { fieldsOf } from '../structFields.ts';

/** Keeps the pool as one sorted array that marks expanded nodes in their ids and is searched from its far end. */
export const packedCandidatePool: Rewrite = {
  id: 'packed-candidate-pool',
  module: 'search',
  title: 'Packed sorted array as candidate pool',
  cause:
    'Most newcomers land near the far end of the pool: a scan from there finds the place sooner than a binary search.',
  parameters: [],
  conflictsWith: ['linear-candidate-pool'],
  apply: (source) => editRole(source, 'candidatePool', rewritePool),
};

function rewritePool(site: RoleSite): SiteEdits {
  const pool = readPool(site);
  if (pool.kind === 'declined') return pool;
  const { node } = pool;
  const fields = readFields(site.root, node);
  if (fields === undefined)
    return declined(`\`${node}\` is not a floating-point distance and a 32-bit unsigned id`);
  const { distance, id } = fields;
  return sortPool(site, pool, {
    distance,
    reset: '',
    push: (name) => push(name, distance),
    pop: pop(node, id),
    sorted: `for (${node}& node : found_) node.${id} &= ~kExpanded;\nreturn found_;`,
    bytes: `return found_.capacity() * sizeof(${node});`,
    privates: `// Marks the ids of expanded nodes, so that one array has all; ids stay below it.
static constexpr std::uint32_t kExpanded = std::uint32_t{1} << 31;
std::size_t ef_ = 0;
${withTrailingComments([
  [`std::vector<${node}> found_;`, 'at most ef, nearest first'],
  ['std::size_t next_ = 0;', 'the nearest node that waits'],
])}`,
    note: 'one sorted array, searched from its far end, replaces the two heaps; ids below 2^31',
  });
}

function push(name: string, distance: string): string {
  return `if (full()) found_.pop_back();
// Most newcomers belong near the far end: their place is sought from there, first in strides.
constexpr std::size_t kStride = 16;
std::size_t place = found_.size();
while (place >= kStride && ${name}.${distance} < found_[place - kStride].${distance}) place -= kStride;
while (place > 0 && ${name}.${distance} < found_[place - 1].${distance}) --place;
found_.push_back(${name});
for (std::size_t i = found_.size() - 1; i > place; --i) found_[i] = found_[i - 1];
found_[place] = ${name};
next_ = std::min(next_, place);`;
}

function pop(node: string, id: string): string {
  return `const ${node} nearest = found_[next_];
found_[next_].${id} |= kExpanded;
while (next_ < found_.size() && (found_[next_].${id} & kExpanded) != 0) ++next_;
return nearest;`;
}

/** The fields of a struct of this file that holds one floating-point distance and one 32-bit id, nothing else. */
function readFields(
  root: Node,
  name: string,
): { readonly distance: string; readonly id: string } | undefined {
  const fields = fieldsOf(root, name);
  const named = (pattern: RegExp): string => fields.find(({ type }) => pattern.test(type))?.name ?? '';
  const distance = named(/^(float|double)$/);
  const id = named(/^(std::)?uint32_t$|^unsigned( int)?$/);
  return distance !== '' && id !== '' && fields.length === 2 ? { distance, id } : undefined;
}
