import type { Node } from 'web-tree-sitter';
import { indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { type Call, callsIn, enclosing, outermostLoop } from '../cppNodes.ts';
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
  const draws = callsIn(site.root).filter(isDraw);
  const [draw] = draws;
  const definition = draw && enclosing(draw.node, ['function_definition']);
  const statement = draw && enclosing(draw.node, ['declaration', 'expression_statement']);
  const [links] = draw?.arguments ?? [];
  if (!draw || !definition || !statement || !links || draws.length > 1) {
    return declined(`${site.file} has no single level draw of the form \`-log(uniform) / log(M)\``);
  }
  const loop = outermostLoop(statement, definition);
  const hoisted = !loop.equals(statement);
  const ratio = `${draw.callee}(${factorName} * ${linksOf(links)})`;
  const margin = indentAt(site.text, loop.startIndex);
  const code = `// Fewer nodes above level 0 than 1 / M: a shorter descent enters it as near.
constexpr double ${factorName} = ${factor};
${hoisted ? `const double log_ratio = ${ratio};\n` : ''}`;
  return {
    kind: 'edits',
    edits: [
      {
        start: loop.startIndex,
        end: loop.startIndex,
        text: `${reindent(code, margin).slice(margin.length)}${margin}`,
      },
      replaceNode(draw.node, hoisted ? 'log_ratio' : ratio),
    ],
    note: `each level has ${factor} times fewer nodes than 1 / M of the one below`,
  };
}

/** `x / log(M)`, where M may be a member and made a floating-point number. */
function isDraw({ name, arguments: [argument, ...rest], node: { parent } }: Call): boolean {
  const divides = parent?.type === 'binary_expression' && parent.childForFieldName('operator')?.text === '/';
  return name === 'log' && rest.length === 0 && divides && /^(1\.0 \* )?M_?$/.test(argument?.text ?? '');
}

function linksOf({ text }: Node): string {
  return text.slice(text.lastIndexOf('M'));
}
