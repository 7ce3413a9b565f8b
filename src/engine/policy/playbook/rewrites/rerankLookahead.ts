import { type Edit, indentAt, insertAtTop, reindent, replaceNode } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import { prefetchPreamble, type RowAccess, rowAccess } from '../prefetchCode.ts';
import { findRerankLoop, type RerankLoop } from '../rerankLoop.ts';
import type { Rewrite } from '../rewrite.ts';

/** Prefetches the rows of the nodes that are ranked by exact distance next. */
export const rerankLookahead: Rewrite = {
  id: 'rerank-lookahead',
  module: 'refinement',
  title: 'Prefetch the rows that re-ranking reads',
  cause:
    'After a search over codes the rows are cold: requesting them some nodes ahead overlaps their latencies.',
  parameters: [
    { name: 'lookahead', values: [2, 4, 8], meaning: 'rows prefetched ahead of the one being ranked' },
  ],
  conflictsWith: [],
  apply(source, values) {
    const access = rowAccess(source);
    if (access.kind === 'declined') return access;
    return editRole(source, 'entryPoint', (site) => rewriteRerank(site, access, values.lookahead ?? 4));
  },
};

/** More lines than any row has: a row is fetched whole. */
const wholeRows = 64;

function rewriteRerank(site: RoleSite, access: RowAccess, lookahead: number): SiteEdits {
  const loop = findRerankLoop(site);
  if (typeof loop === 'string') return declined(loop);
  if (/prefetch/i.test(loop.method.body.text)) return declined('re-ranking prefetches already');
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef', 'cstdint']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const prefetch = { depth: wholeRows, lookahead, level: 2 };
  const preamble = prefetchPreamble(loop.distance, 'std::uint32_t', access, prefetch);
  return {
    kind: 'edits',
    edits: [...includes, ...loopEdits(site, loop, preamble)],
    note: `prefetches the rows of ${lookahead} nodes ahead of the one ranked exactly`,
  };
}

function loopEdits({ text }: RoleSite, parts: RerankLoop, preamble: string): readonly Edit[] {
  const { loop, body, found, node, nodeType, index, idField } = parts;
  const margin = indentAt(text, loop.startIndex);
  const at = (code: string): string => reindent(code, margin).slice(margin.length);
  const first = `${preamble}
for (std::size_t i = 0; i < std::min(kPrefetchAhead, ${found}.size()); ++i) {
  prefetch_row(${found}[i].${idField});
}
`;
  const next = (i: string): string =>
    `if (${i} + kPrefetchAhead < ${found}.size()) prefetch_row(${found}[${i} + kPrefetchAhead].${idField});`;
  if (index !== undefined) {
    const before: Edit = { start: loop.startIndex, end: loop.startIndex, text: `${at(first)}${margin}` };
    return [before, insertAtTop(text, body, next(index))];
  }
  const work = body.type === 'compound_statement' ? body.namedChildren : [body];
  const indexed = `${first}for (std::size_t i = 0; i < ${found}.size(); ++i) {
  ${next('i')}
  ${nodeType}& ${node} = ${found}[i];
${work.map((statement) => `  ${statement.text}`).join('\n')}
}`;
  return [replaceNode(loop, at(indexed))];
}
