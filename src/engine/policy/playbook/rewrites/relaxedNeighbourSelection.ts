import type { Node } from 'web-tree-sitter';
import { indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { descendants, enclosing } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** Keeps links that the selection heuristic finds a little redundant: more edges, fewer hops at equal recall. */
export const relaxedNeighbourSelection: Rewrite = {
  id: 'relaxed-neighbour-selection',
  module: 'construction',
  title: 'Relaxed threshold of the neighbour selection',
  cause: 'A denser graph of nearly redundant links reaches the same recall with a narrower beam.',
  parameters: [
    {
      name: 'slack',
      values: [8, 16, 24],
      meaning: 'per cent of its distance by which a candidate must be nearer to a kept one to be dropped',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourSelection', (site) => relax(site, values['slack'] ?? 16)),
};

const slackName = 'kSelectionSlack';

function relax(site: RoleSite, slack: number): SiteEdits {
  if (site.text.includes(slackName)) return declined('the selection is relaxed already');
  const test = redundancyTest(site.node);
  if (test === undefined) {
    return declined('no single test `distance to a kept neighbour < distance to the node` was found');
  }
  const bound = test.childForFieldName('right');
  const statement = bound && statementOf(test);
  const includes = addSystemIncludes(site.root, site.text, ['cmath']);
  if (!bound || !statement) return declined('the selection test stands in no statement of its own');
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const margin = indentAt(site.text, statement.startIndex);
  const code = `// Nearly redundant links stay: they save hops. The margin is of the magnitude, since the
// distances of inner products are negative.
constexpr float ${slackName} = ${(slack / 100).toFixed(2)}F;
const auto bound = ${bound.text} - ${slackName} * std::abs(${bound.text});
`;
  const block = reindent(code, margin).slice(margin.length);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      { start: statement.startIndex, end: statement.startIndex, text: `${block}${margin}` },
      replaceNode(bound, 'bound'),
    ],
    note: `a candidate is dropped only when it is nearer to a kept one by ${slack} % of its distance`,
  };
}

/** The comparison that finds a candidate redundant: a distance, computed or just computed, below the candidate's own. */
function redundancyTest(root: Node): Node | undefined {
  const tests = descendants(
    root,
    (node) =>
      node.type === 'binary_expression' &&
      node.childForFieldName('operator')?.text === '<' &&
      isDistance(node.childForFieldName('left')) &&
      isDistance(node.childForFieldName('right')),
  );
  return tests.length === 1 ? tests[0] : undefined;
}

/** `distance(x)`, `candidate.distance`, `curdist`, `dist_to_query`: told from counts and sizes by its name. */
function isDistance(node: Node | null): boolean {
  return (
    node !== null && node.type !== 'number_literal' && /dist/i.test(node.text) && !/size/i.test(node.text)
  );
}

/** The statement around a test: that of the function where the test stands in a lambda, the loop over kept ones else. */
function statementOf(test: Node): Node | undefined {
  const lambda = enclosing(test, ['lambda_expression']);
  if (lambda) return enclosing(lambda, ['declaration', 'expression_statement', 'if_statement']);
  return enclosing(test, ['for_range_loop', 'for_statement', 'while_statement']);
}
