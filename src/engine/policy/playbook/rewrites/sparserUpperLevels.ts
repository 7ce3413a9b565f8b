import { indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { callsIn, enclosing } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** Draws fewer nodes for the upper levels, so that the descent of a query has fewer levels to go through. */
export const sparserUpperLevels: Rewrite = {
  id: 'sparser-upper-levels',
  module: 'construction',
  title: 'Sparser upper levels',
  cause:
    'Each level costs the descent of every query; with fewer of them level 0 is entered as near, sooner.',
  parameters: [
    {
      name: 'factor',
      values: [2, 4, 8],
      meaning: 'how many times fewer nodes than 1 / M of a level the next one has',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourSelection', (site) => sparser(site, values['factor'] ?? 4)),
};

const factorName = 'kUpperLevelSparsity';

function sparser(site: RoleSite, factor: number): SiteEdits {
  if (site.text.includes(factorName)) return declined('the upper levels are sparser already');
  const draws = callsIn(site.root).filter(
    ({ name, arguments: [argument, ...rest], node }) =>
      name === 'log' &&
      rest.length === 0 &&
      argument?.text === 'M' &&
      node.parent?.type === 'binary_expression' &&
      node.parent.childForFieldName('operator')?.text === '/',
  );
  const [draw] = draws;
  const body = draw && enclosing(draw.node, ['function_definition'])?.childForFieldName('body');
  const first = body?.namedChildren[0];
  if (!draw || !first || draws.length > 1) {
    return declined(`${site.file} has no single level draw of the form \`-log(uniform) / log(M)\``);
  }
  const margin = indentAt(site.text, first.startIndex);
  const code = `// Fewer nodes above level 0 than 1 / M: a shorter descent enters it as near.
constexpr double ${factorName} = ${factor};
const double log_ratio = ${draw.callee}(${factorName} * M);
`;
  return {
    kind: 'edits',
    edits: [
      {
        start: first.startIndex,
        end: first.startIndex,
        text: `${reindent(code, margin).slice(margin.length)}${margin}`,
      },
      replaceNode(draw.node, 'log_ratio'),
    ],
    note: `each level has ${factor} times fewer nodes than 1 / M of the one below`,
  };
}
