import type { Node } from 'web-tree-sitter';

const conditionals: ReadonlySet<string> = new Set(['preproc_ifdef', 'preproc_if']);
const conditionalParts: ReadonlySet<string> = new Set([
  'preproc_else',
  'preproc_elif',
  'preproc_elifdef',
  'preproc_include',
  'comment',
]);

/**
 * The leading block of `#include` lines of a file: from the first to the last one before any other code. Conditionals
 * that hold nothing but includes belong to it. Undefined when the file includes nothing.
 */
export function includeBlock(root: Node): { readonly start: number; readonly end: number } | undefined {
  const items = contents(root);
  const first = items.findIndex(isInclude);
  const head = items[first];
  if (head === undefined) return undefined;
  let last = head;
  for (const item of items.slice(first)) {
    if (isInclude(item)) last = item;
    else if (item.type !== 'comment') break;
  }
  // The grammar counts the line break as part of the directive; the block ends before it.
  return { start: head.startIndex, end: last.startIndex + last.text.trimEnd().length };
}

/** The file's top-level items, inside its include guard where it has one. */
function contents(root: Node): readonly Node[] {
  const items = root.namedChildren;
  const code = items.filter(({ type }) => type !== 'comment');
  const guard = code.length === 1 ? code[0] : undefined;
  if (guard?.type !== 'preproc_ifdef' || isInclude(guard)) return items;
  const [name, ...rest] = guard.namedChildren;
  return name?.type === 'identifier' ? rest : items;
}

function isInclude(node: Node): boolean {
  if (node.type === 'preproc_include') return true;
  return conditionals.has(node.type) && holdsOnlyIncludes(node);
}

function holdsOnlyIncludes(conditional: Node): boolean {
  const condition = conditional.childForFieldName('condition') ?? conditional.childForFieldName('name');
  return conditional.namedChildren
    .filter((child) => condition === null || !child.equals(condition))
    .every(
      (child) =>
        (conditionalParts.has(child.type) &&
          (!child.type.startsWith('preproc_el') || holdsOnlyIncludes(child))) ||
        (conditionals.has(child.type) && holdsOnlyIncludes(child)),
    );
}
