import type { Node } from 'web-tree-sitter';
import { indentAt, indentUnit, lineStart, reindent, withIndentUnit } from './cppEdit.ts';
import { addSystemIncludes } from './cppIncludes.ts';
import { outermostLoop } from './cppNodes.ts';
import { declined, type RoleSite, type SiteEdits } from './editRole.ts';
import { addressedPreamble, type Prefetch, prefetchGuard, prefetchNote } from './prefetchCode.ts';
import { longestListMember, rowBytesMember } from './rowCall.ts';
import type { TaggedLoop } from './taggedLoop.ts';

/** Gathers the unvisited neighbours of a loop with visited tags, then compares them while later vectors load. */
export function batchTaggedLoop(
  site: RoleSite,
  search: Node,
  found: TaggedLoop,
  prefetch: Prefetch,
): SiteEdits {
  const { text, root, file } = site;
  const bytes = rowBytesMember(search);
  if (bytes === undefined) {
    return declined('the class around the search has no member such as `data_size_`, the bytes of a vector');
  }
  const includes = addSystemIncludes(root, text, lacking(text));
  if (!includes) return declined(`${file} has no place for its #include lines`);
  const around = outermostLoop(found.loop, search);
  const unit = indentUnit(text, around);
  const preamble = addressedPreamble(
    { row: found.row.row, bytes, idType: found.idType, countType: 'size_t', guard: prefetchGuard(root) },
    prefetch,
  );
  const longest = longestListMember(search);
  const gathered = `std::vector<${found.idType}> unvisited;${longest ? `\nunvisited.reserve(${longest});` : ''}`;
  const at = lineStart(text, around.startIndex);
  const code = withIndentUnit(`${preamble}\n${gathered}`, unit);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      { start: at, end: at, text: `${reindent(code, indentAt(text, around.startIndex))}\n\n` },
      {
        start: lineStart(text, (found.lead ?? found.loop).startIndex),
        end: found.loop.endIndex,
        text: loops(text, found, unit),
      },
    ],
    note: `gathers unvisited neighbours; ${prefetchNote(prefetch)}`,
  };
}

/** Headers that the new code needs and the file has not used so far. */
function lacking(text: string): readonly string[] {
  const uses = [
    ['algorithm', /\bstd::(min|max)\b/],
    ['vector', /\bstd::vector\b/],
  ] as const;
  return uses.filter(([, use]) => !use.test(text)).map(([header]) => header);
}

function loops(text: string, found: TaggedLoop, unit: number): string {
  const { loop, header, before, isNew, mark, id, idType, work } = found;
  const margin = indentAt(text, loop.startIndex);
  const inner = margin + ' '.repeat(unit);
  const gather = withIndentUnit(`if (${isNew}) {\n  ${mark}\n  unvisited.push_back(${id});\n}`, unit);
  const compare = withIndentUnit(
    `if (j + prefetch_ahead < unvisited.size())\n  prefetch_data(unvisited[j + prefetch_ahead]);`,
    unit,
  );
  const first = withIndentUnit(
    `for (size_t j = 0; j < std::min(prefetch_ahead, unvisited.size()); j++)\n  prefetch_data(unvisited[j]);`,
    unit,
  );
  return `${margin}unvisited.clear();
${margin}${header} {
${before.length === 0 ? '' : `${moved(text, before, inner)}\n`}${reindent(gather, inner)}
${margin}}

${reindent(first, margin)}
${margin}for (size_t j = 0; j < unvisited.size(); j++) {
${reindent(compare, inner)}
${inner}${idType} ${id} = unvisited[j];
${moved(text, work, inner)}
${margin}}`;
}

/** The statements with the blank lines and comments between them, at another indentation. */
function moved(text: string, statements: readonly Node[], indent: string): string {
  const first = statements[0];
  const last = statements.at(-1);
  if (!first || !last) return '';
  const margin = indentAt(text, first.startIndex).length;
  const lines = text.slice(lineStart(text, first.startIndex), last.endIndex).split('\n');
  // What stands at the left edge (directives, code that was commented out) stays there.
  return lines
    .map((line) => (/^(#|\/\/)/.test(line) ? line : `${indent}${line.slice(margin)}`).trimEnd())
    .join('\n');
}
