import type { Node } from 'web-tree-sitter';
import { indentAt, indentUnit, lineEnd, lineStart, reindent, withIndentUnit } from './cppEdit.ts';
import { addSystemIncludes } from './cppIncludes.ts';
import { declaredName, descendants, outermostLoop } from './cppNodes.ts';
import { declined, type RoleSite, type SiteEdits } from './editRole.ts';
import { addressedPreamble, type Prefetch, prefetchGuard, prefetchNote } from './prefetchCode.ts';
import { rowBytesMember, rowOf } from './rowCall.ts';

/** `for (int i = 0; i < size; i++) { id = list[i]; ... distance(query, row(id), ...) ... }` */
export interface CountedLoop {
  readonly loop: Node;
  readonly body: Node;
  readonly index: string;
  readonly indexType: string;
  readonly size: string;
  /** The array of neighbours. */
  readonly list: string;
  readonly idType: string;
  readonly row: string;
}

/** The first counted loop that compares the vectors of all neighbours in an array. */
export function findCountedLoop(definition: Node): CountedLoop | undefined {
  for (const loop of descendants(definition, ({ type }) => type === 'for_statement')) {
    const found = readLoop(loop);
    if (found) return found;
  }
  return undefined;
}

/** Requests the vectors of later neighbours while the one in turn is compared. */
export function prefetchCounted(
  { text, root, file }: RoleSite,
  definition: Node,
  found: CountedLoop,
  prefetch: Prefetch,
): SiteEdits {
  const { loop, body, index, indexType, size, list, idType, row } = found;
  if (/\bprefetch_data\b/.test(definition.text)) return declined('the descent prefetches vectors already');
  const bytes = rowBytesMember(definition);
  if (bytes === undefined) {
    return declined('the class around the descent has no member such as `data_size_`, the bytes of a vector');
  }
  const includes = /\bstd::(min|max)\b/.test(text) ? [] : addSystemIncludes(root, text, ['algorithm']);
  if (!includes) return declined(`${file} has no place for its #include lines`);
  const around = outermostLoop(loop, definition);
  const unit = indentUnit(text, around);
  const rows = { row, bytes, idType, countType: indexType, guard: prefetchGuard(root) };
  const before = (node: Node, code: string): string =>
    `${reindent(withIndentUnit(code, unit), indentAt(text, node.startIndex))}\n`;
  const first = `for (${indexType} ${index} = 0; ${index} < std::min(prefetch_ahead, ${size}); ${index}++)
  prefetch_data(${list}[${index}]);`;
  const later = `if (${index} + prefetch_ahead < ${size})
  prefetch_data(${list}[${index} + prefetch_ahead]);`;
  const insert = (at: number, code: string) => ({ start: at, end: at, text: code });
  return {
    kind: 'edits',
    edits: [
      ...includes,
      insert(lineStart(text, around.startIndex), `${before(around, addressedPreamble(rows, prefetch))}\n`),
      insert(lineStart(text, loop.startIndex), before(loop, first)),
      insert(lineEnd(text, body.startIndex), before(body.namedChildren[0] ?? body, later)),
    ],
    note: `in the descent, ${prefetchNote(prefetch)}`,
  };
}

function readLoop(loop: Node): CountedLoop | undefined {
  const body = loop.childForFieldName('body');
  const initializer = loop.childForFieldName('initializer');
  const condition = loop.childForFieldName('condition');
  const declarator = initializer?.childForFieldName('declarator');
  const index = declarator ? declaredName(declarator) : undefined;
  const indexType = initializer?.childForFieldName('type')?.text;
  if (body?.type !== 'compound_statement' || !index || !indexType) return undefined;
  if (declarator?.childForFieldName('value')?.text !== '0') return undefined;
  const size = condition?.childForFieldName('right')?.text;
  if (condition?.text !== `${index} < ${size}`) return undefined;
  for (const declaration of body.namedChildren.filter(({ type }) => type === 'declaration')) {
    const made = declaration.childForFieldName('declarator');
    const id = made ? declaredName(made) : undefined;
    const value = made?.childForFieldName('value');
    const idType = declaration.childForFieldName('type')?.text;
    if (!id || !idType || value?.type !== 'subscript_expression') continue;
    const list = value.childForFieldName('argument')?.text;
    const row = rowOf(body.namedChildren, id)?.row;
    if (list && row && size && value.text === `${list}[${index}]`) {
      return { loop, body, index, indexType, size, list, idType, row };
    }
  }
  return undefined;
}
