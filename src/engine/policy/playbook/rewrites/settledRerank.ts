import { indentAt, reindent } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { callsIn } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import { findRerankLoop, type RerankLoop } from '../rerankLoop.ts';
import type { Rewrite } from '../rewrite.ts';

/** Ranks found nodes by exact distance, in preliminary order, until several in a row are no result. */
export const settledRerank: Rewrite = {
  id: 'settled-rerank',
  module: 'refinement',
  title: 'Stop re-ranking when the results settle',
  cause:
    'A row costs far more to read than a code, and what the codes rank last is seldom among the results.',
  parameters: [
    {
      name: 'patience',
      values: [1, 2, 4, 8],
      meaning: 'nodes in a row, ranked exactly and found to be no result, after which ranking ends',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'entryPoint', (site) => rewriteRerank(site, values.patience ?? 2)),
};

function rewriteRerank(site: RoleSite, patience: number): SiteEdits {
  const loop = findRerankLoop(site);
  if (typeof loop === 'string') return declined(loop);
  if (loop.index !== undefined) return declined('re-ranking is no plain loop over all that was found');
  const last = restOf(loop);
  if (!last) {
    return declined('after its loop `Rerank` does more than sort what was found and keep the first k');
  }
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      { start: loop.loop.startIndex, end: last.end, text: settlingLoop(site, loop, last.k, patience) },
    ],
    note: `re-ranking ends after ${patience} nodes in a row that are no result`,
  };
}

/** `std::sort(found...); found.resize(std::min(found.size(), k));` to the end of the method. */
function restOf({ method, loop, found }: RerankLoop): { k: string; end: number } | undefined {
  const statements = method.body.namedChildren.filter(({ type }) => type !== 'comment');
  const [sort, resize, ...more] = statements.slice(statements.findIndex((one) => one.equals(loop)) + 1);
  const k = method.parameters[1]?.name;
  const [sorted] = sort ? callsIn(sort) : [];
  const [resized] = resize ? callsIn(resize) : [];
  if (!resize || !k || more.length > 0) return undefined;
  const sorts = sorted?.name === 'sort' && sorted.arguments.length === 2 && sorted.node.text.includes(found);
  const keeps = resized?.name === 'resize' && resized.object === found;
  return sorts && keeps && new RegExp(`\\b${k}\\b`).test(resize.text)
    ? { k, end: resize.endIndex }
    : undefined;
}

function settlingLoop({ text }: RoleSite, parts: RerankLoop, k: string, patience: number): string {
  const { loop, body, found, node, nodeType } = parts;
  const margin = indentAt(text, loop.startIndex);
  const work = body.type === 'compound_statement' ? body.namedChildren : [body];
  const code = `// The order by codes is nearly right: after this many nodes in a row that are no result, the
// rest hardly hold one.
constexpr std::size_t kRerankPatience = ${patience};
std::size_t ranked = 0;
for (std::size_t idle = 0; ranked < ${found}.size() && idle < kRerankPatience; ++ranked) {
  ${nodeType} ${node} = ${found}[ranked];
${work.map((statement) => `  ${statement.text}`).join('\n')}
  // The nearest so far stand sorted in front.
  const auto kept = ${found}.begin() + static_cast<std::ptrdiff_t>(std::min(ranked, ${k}));
  const auto at = std::upper_bound(${found}.begin(), kept, ${node});
  idle = ranked >= ${k} && at == kept ? idle + 1 : 0;
  std::move_backward(at, kept, kept + 1);
  *at = ${node};
}
${found}.resize(std::min(ranked, ${k}));`;
  return reindent(code, margin).slice(margin.length);
}
