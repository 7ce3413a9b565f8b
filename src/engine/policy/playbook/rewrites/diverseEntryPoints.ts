import { type BuilderClass, readBuilder } from '../builderClass.ts';
import { type Edit, indentAt, lineStart, reindent } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite } from '../rewrite.ts';

/** While building, level 0 is entered at the nearest of the descent's end and some nodes far from each other. */
export const diverseEntryPoints: Rewrite = {
  id: 'diverse-entry-points',
  module: 'construction',
  title: 'Several spread entry points while building',
  cause:
    'A greedy descent may end in another cluster; a spread node near the new one leads to its neighbours.',
  parameters: [
    {
      name: 'entries',
      values: [4, 8, 16],
      meaning: "nodes far from each other that each insertion compares with its descent's end",
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourSelection', (site) => enterSpread(site, values['entries'] ?? 8)),
};

const spreadName = 'SpreadNodes';

function enterSpread(site: RoleSite, entries: number): SiteEdits {
  const { text, root, file } = site;
  if (text.includes(spreadName)) return declined('level 0 has spread entry points already');
  const builder = readBuilder(site);
  if (builder.kind === 'declined') return builder;
  const includes = addSystemIncludes(root, text, ['algorithm', 'cstddef', 'limits', 'vector']);
  if (!includes) return declined(`${file} has no place for its #include lines`);
  const { type, insert, beam } = builder;
  if (!type.privateLabel || insert.node.startIndex < type.privateLabel.startIndex) {
    return declined(`\`${insert.name}\` of \`${type.name}\` does not stand in its private part`);
  }
  const [id] = insert.parameters;
  if (!id) return declined(`\`${insert.name}\` has no parameter for the node`);
  const { startIndex } = beam.statement;
  const enter = `if (${beam.level} == 0) ${beam.entry} = NearestEntry(${id.name}, ${beam.entry}, ${builder.distance.name});`;
  const edits: readonly Edit[] = [
    ...includes,
    methods(site, builder, id.type, entries),
    { start: startIndex, end: startIndex, text: `${enter}\n${indentAt(text, startIndex)}` },
    field(site, builder, id.type),
  ];
  return { kind: 'edits', edits, note: `level 0 is entered at the nearest of ${entries} spread nodes too` };
}

/** Two methods before the insertion and what is said about it. */
function methods({ text }: RoleSite, builder: BuilderClass, idType: string, entries: number): Edit {
  const { insert, distance } = builder;
  let first = insert.node;
  while (first.previousNamedSibling?.type === 'comment') first = first.previousNamedSibling;
  const start = lineStart(text, first.startIndex);
  const { type, vectors, metric, row } = distance;
  const code = `/// Nodes far from each other: each is the one of a sample that is farthest from those before it.
std::vector<${idType}> ${spreadName}() const {
  constexpr std::size_t kEntryPoints = ${entries};
  constexpr std::size_t kSampleSize = 256;
  const std::size_t step = std::max<std::size_t>(1, ${vectors}.size() / kSampleSize);
  const std::size_t sampled = (${vectors}.size() + step - 1) / step;
  // From each of the sample to the nearest node taken.
  std::vector<float> gaps(sampled, std::numeric_limits<float>::infinity());
  std::vector<${idType}> spread;
  while (spread.size() < std::min(kEntryPoints, sampled)) {
    const auto farthest = std::max_element(gaps.begin(), gaps.end()) - gaps.begin();
    const auto taken = static_cast<${idType}>(static_cast<std::size_t>(farthest) * step);
    spread.push_back(taken);
    const ${type} distance(${vectors}, ${metric}, ${vectors}.${row}(taken));
    for (std::size_t i = 0; i < sampled; ++i) {
      gaps[i] = std::min(gaps[i], distance(static_cast<${idType}>(i * step)));
    }
  }
  return spread;
}

/// The nearest of \`entry\`, where the descent has ended, and the spread nodes before \`id\`.
${idType} NearestEntry(${idType} id, ${idType} entry,
${' '.repeat(idType.length)}              const ${type}& distance) const {
  float nearest = distance(entry);
  for (const ${idType} node : spread_) {
    if (node >= id) continue;
    const float d = distance(node);
    if (d >= nearest) continue;
    nearest = d;
    entry = node;
  }
  return entry;
}
`;
  const margin = indentAt(text, insert.node.startIndex);
  return { start, end: start, text: `${reindent(code, margin)}\n` };
}

/** The last field, so that those it is made from are there. */
function field({ text }: RoleSite, { type, insert }: BuilderClass, idType: string): Edit {
  const end = lineStart(text, type.body.endIndex);
  const margin = indentAt(text, insert.node.startIndex);
  const code = `${margin}const std::vector<${idType}> spread_ = ${spreadName}();\n`;
  return { start: end, end, text: code };
}
