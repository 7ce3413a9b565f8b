import type { Node } from 'web-tree-sitter';
import type { Edit } from './cppEdit.ts';
import { descendants } from './cppNodes.ts';

/**
 * Adds `#include <header>` lines that the file lacks, in alphabetical order among its other `<...>` lines. A file
 * without such lines gets none, since the place would be a guess: undefined then.
 */
export function addSystemIncludes(
  root: Node,
  text: string,
  headers: readonly string[],
): readonly Edit[] | undefined {
  const present = systemIncludes(root);
  const lacking = headers.filter((header) => !present.some((include) => include.header === header));
  if (lacking.length === 0) return [];
  if (present.length === 0) return undefined;
  return lacking.map((header) => {
    const next = present.find((include) => include.header > header);
    const at = next ? next.start : lineAfter(text, present.at(-1)?.start ?? 0);
    return { start: at, end: at, text: `#include <${header}>\n` };
  });
}

/** Adds a block of conditional includes right after the `<...>` lines. Undefined where the file has none. */
export function addConditionalIncludes(root: Node, text: string, block: string): readonly Edit[] | undefined {
  const last = systemIncludes(root).at(-1);
  if (last === undefined) return undefined;
  if (text.includes(block)) return [];
  const at = lineAfter(text, last.start);
  return [{ start: at, end: at, text: block }];
}

interface SystemInclude {
  readonly header: string;
  readonly start: number;
}

/** Unconditional `<...>` includes (those directly inside the include guard count), in file order. */
function systemIncludes(root: Node): readonly SystemInclude[] {
  const guard = root.namedChildren.find(({ type }) => type === 'preproc_ifdef');
  return descendants(root, ({ type }) => type === 'preproc_include')
    .filter(({ parent }) => parent?.equals(root) || (guard && parent?.equals(guard)))
    .flatMap((node) => {
      const path = node.childForFieldName('path');
      if (path?.type !== 'system_lib_string') return [];
      return [{ header: path.text.slice(1, -1), start: node.startIndex }];
    });
}

function lineAfter(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  return end < 0 ? text.length : end + 1;
}
