import { readBuilder } from '../builderClass.ts';
import { indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** Searches with a wider beam where the links matter most: on level 0. */
export const adaptiveEfConstruction: Rewrite = {
  id: 'adaptive-ef-construction',
  module: 'construction',
  title: 'A wider beam for the links of level 0',
  cause: 'Queries spend most of their time on level 0; a wider beam finds nearer neighbours to link there.',
  parameters: [
    {
      name: 'effort',
      values: [125, 150],
      meaning: 'width of the beam on level 0 while building, per cent of efConstruction',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourSelection', (site) => widen(site, values['effort'] ?? 125)),
};

const effortName = 'kBaseEffort';

function widen(site: RoleSite, effort: number): SiteEdits {
  if (site.text.includes(effortName)) return declined('level 0 is searched with a wider beam already');
  const builder = readBuilder(site);
  if (builder.kind === 'declined') return builder;
  const { statement, level, ef } = builder.beam;
  const margin = indentAt(site.text, statement.startIndex);
  const code = `// Queries spend most of their time on level 0, so its links get the wider beam.
constexpr std::size_t ${effortName} = ${effort};  // per cent of efConstruction
const std::size_t effort = ${level} > 0 ? 100 : ${effortName};
`;
  return {
    kind: 'edits',
    edits: [
      {
        start: statement.startIndex,
        end: statement.startIndex,
        text: `${reindent(code, margin).slice(margin.length)}${margin}`,
      },
      replaceNode(ef, `${/^\w+$/.test(ef.text) ? ef.text : `(${ef.text})`} * effort / 100`),
    ],
    note: `level 0 is built with ${effort} % of efConstruction`,
  };
}
