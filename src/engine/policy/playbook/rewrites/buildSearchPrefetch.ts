import type { Node } from 'web-tree-sitter';
import { type BuilderClass, readBuilder } from '../builderClass.ts';
import { type Method, method, readClass } from '../cppClass.ts';
import { insertAfter } from '../cppEdit.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { callsIn, declaredName, descendants, enclosing, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite, RewriteSource } from '../rewrite.ts';

/** Requests the rows of the neighbours that the build's beam search compares next. */
export const buildSearchPrefetch: Rewrite = {
  id: 'build-search-prefetch',
  module: 'construction',
  title: 'Prefetch rows in the beam search of the build',
  cause:
    'Most of the build is its beam search, which reads rows at random; the start of each is what it waits for.',
  parameters: [
    {
      name: 'lines',
      values: [2, 4, 8],
      meaning: 'cache lines of 64 bytes prefetched per row, at most the whole row',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourSelection', (site) => prefetchLists(source, site, values['lines'] ?? 4)),
};

const linesName = 'kPrefetchLines';

function prefetchLists(source: RewriteSource, site: RoleSite, lines: number): SiteEdits {
  if (site.text.includes(linesName)) return declined('the build prefetches rows already');
  const builder = readBuilder(site);
  if (builder.kind === 'declined') return builder;
  const copied = copiedList(builder);
  if (!copied) {
    return declined(
      `\`${builder.beam.links}\` is no view inside \`${builder.type.name}\` that copies one list of neighbours`,
    );
  }
  const { vectors, row } = builder.distance;
  const dimension = dimensionOf(source, builder);
  if (dimension === undefined) return declined(`\`${vectors}\` does not tell its number of dimensions`);
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const storage = `${copied.owner}.${vectors}`;
  const code = `// The search compares with these rows next. What follows their first lines is fetched by the
// processor itself, which sees them read one after the other.
constexpr std::size_t kLineBytes = 64;
constexpr std::size_t ${linesName} = ${lines};
const std::size_t row_bytes = ${storage}.${dimension}() * sizeof(*${storage}.${row}(0));
const std::size_t prefetch_bytes = std::min(${linesName} * kLineBytes, row_bytes);
for (const ${builder.insert.parameters[0]?.type} id : ${copied.name}) {
  const auto* row = reinterpret_cast<const char*>(${storage}.${row}(id));
  for (std::size_t at = 0; at < prefetch_bytes; at += kLineBytes) {
    __builtin_prefetch(row + at, 0, 2);  // into the second cache level
  }
}`;
  return {
    kind: 'edits',
    edits: [...includes, insertAfter(site.text, copied.statement, code)],
    note: `the build prefetches up to ${lines} lines of each row`,
  };
}

/** `copy.assign(...)` in the view through which an insertion reads lists, and the field that leads to the builder. */
interface CopiedList {
  readonly statement: Node;
  readonly name: string;
  readonly owner: string;
}

function copiedList(builder: BuilderClass): CopiedList | undefined {
  const view = readClass(
    descendants(
      builder.type.body,
      ({ type }) => type === 'class_specifier' || type === 'struct_specifier',
    ).find((node) => node.childForFieldName('name')?.text === typeOf(builder.insert, builder.beam.links)) ??
      builder.insert.node,
  );
  const reading = view && method(view, 'neighbours');
  const calls = reading ? callsIn(reading.body) : [];
  const copy = calls.find(({ object, name }) => object && name === 'assign');
  const statement = copy && enclosing(copy.node, ['expression_statement']);
  const read = calls.find(({ name }) => name === reading?.name);
  const [owner, member, ...more] = read?.object?.split('.') ?? [];
  if (!copy?.object || !statement || !owner || !member || more.length > 0) return undefined;
  return { statement, name: copy.object, owner };
}

/** The type of a local variable. */
function typeOf({ body }: Method, name: string): string | undefined {
  const declaration = descendants(body, ({ type }) => type === 'declaration').find((node) => {
    const declarator = node.childForFieldName('declarator');
    return declarator !== null && declaredName(declarator) === name;
  });
  return declaration?.childForFieldName('type')?.text;
}

/** The name of the method `dim()` of the class of the vectors, whichever file has it. */
function dimensionOf({ files, syntax }: RewriteSource, { type, distance }: BuilderClass): string | undefined {
  const field = type.body.namedChildren.find((child) => {
    const declarator = child.type === 'field_declaration' ? child.childForFieldName('declarator') : null;
    return declarator !== null && declaredName(declarator) === distance.vectors;
  });
  const name = field?.childForFieldName('type')?.text;
  if (name === undefined) return undefined;
  for (const text of files.values()) {
    if (!text.includes(name)) continue;
    const tree = syntax.parse(text);
    try {
      const found = syntax.find(tree, name).flatMap((node) => readClass(unwrapTemplate(node)) ?? []);
      const dimension = found.flatMap((storage) => method(storage, 'dim') ?? [])[0]?.name;
      if (dimension !== undefined) return dimension;
    } finally {
      tree.delete();
    }
  }
  return undefined;
}
