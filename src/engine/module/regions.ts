import { createHash } from 'node:crypto';
import type { Node, Tree } from 'web-tree-sitter';
import type { Region, SymbolRef } from '../../protocol/module.ts';
import type { CppSyntaxTrees } from './cppSyntax.ts';
import type { Definition } from './definitions.ts';
import { includeBlock } from './includeBlock.ts';
import { nearest } from './nearest.ts';

/** The symbol that names a file's block of `#include` lines. */
export const includesSymbol = '#includes';

export type RegionResult =
  | { readonly kind: 'found'; readonly region: Region }
  | { readonly kind: 'missing' | 'ambiguous'; readonly message: string; readonly fix: string };

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Locates a region by its symbol alone, so that it survives edits elsewhere in the file. The region holds the comment
 * directly above the definition and the semicolon that closes a type.
 */
export function locateRegion(syntax: CppSyntaxTrees, ref: SymbolRef, text: string): RegionResult {
  const [result] = locateRegions(syntax, [ref], text);
  return result!;
}

/** Locates several regions of one file, which is parsed once. */
export function locateRegions(
  syntax: CppSyntaxTrees,
  refs: readonly SymbolRef[],
  text: string,
): RegionResult[] {
  const tree = syntax.parse(text);
  try {
    return refs.map((ref) => locateIn(syntax, tree, ref, text));
  } finally {
    tree.delete();
  }
}

function locateIn(
  syntax: CppSyntaxTrees,
  tree: Tree,
  { file, symbol }: SymbolRef,
  text: string,
): RegionResult {
  if (symbol === includesSymbol) {
    const block = includeBlock(tree.rootNode);
    if (block) return found(file, symbol, 'includes', text, block);
    return {
      kind: 'missing',
      message: `${file} has no #include lines`,
      fix: 'remove this region or add an #include to the file',
    };
  }
  const definitions = syntax.findDefinitions(tree, symbol);
  const first = definitions[0];
  if (first === undefined) return missing(file, symbol, syntax.definitions(tree));
  if (definitions.length > 1 && !areAdjacentOverloads(definitions)) {
    return ambiguous(file, symbol, definitions);
  }
  const spans = definitions.map((definition) => spanOf(definition, text));
  return found(file, symbol, first.kind, text, {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  });
}

function found(file: string, symbol: string, kind: Region['kind'], text: string, span: Span): RegionResult {
  const { start, end } = span;
  return {
    kind: 'found',
    region: {
      file,
      symbol,
      kind,
      start,
      end,
      startLine: lineAt(text, start),
      endLine: lineAt(text, Math.max(start, end - 1)),
      hash: createHash('sha256').update(text.slice(start, end)).digest('hex'),
    },
  };
}

function spanOf({ node, kind }: Definition, text: string): Span {
  const semicolon = kind === 'type' ? /^\s*;/.exec(text.slice(node.endIndex)) : null;
  return {
    start: withCommentAbove(node, text),
    end: node.endIndex + (semicolon?.[0].length ?? 0),
  };
}

function withCommentAbove(node: Node, text: string): number {
  // A nested type is wrapped in a declaration that starts where it starts; the comment is that one's sibling.
  let top = node;
  while (top.parent && top.parent.startIndex === top.startIndex && top.parent.parent) top = top.parent;
  let start = top.startIndex;
  for (let above = top.previousSibling; above?.type === 'comment'; above = above.previousSibling) {
    const onItsOwnLine = /(^|\n)[ \t]*$/.test(text.slice(0, above.startIndex));
    const touches = /^[ \t]*\r?\n[ \t]*$/.test(text.slice(above.endIndex, start));
    if (!onItsOwnLine || !touches) break;
    start = above.startIndex;
  }
  return start;
}

function areAdjacentOverloads(definitions: readonly Definition[]): boolean {
  const name = definitions[0]?.path.join('::');
  return definitions.every((definition, i) => {
    if (definition.kind !== 'function' || definition.path.join('::') !== name) return false;
    const next = definitions[i + 1];
    return next === undefined || followingDefinition(definition.node)?.equals(next.node) === true;
  });
}

function followingDefinition(node: Node): Node | null {
  let next = node.nextNamedSibling;
  while (next?.type === 'comment') next = next.nextNamedSibling;
  return next;
}

function missing(file: string, symbol: string, all: readonly Definition[]): RegionResult {
  const names = [...new Set(all.map(({ path }) => path.join('::')))];
  const candidates = nearest(symbol, names, 5).map((name) => {
    const definition = all.find(({ path }) => path.join('::') === name);
    return `${name} (${file}:${definition ? lineOf(definition) : 1})`;
  });
  return {
    kind: 'missing',
    message: `symbol \`${symbol}\` is not defined in ${file}`,
    fix:
      candidates.length === 0
        ? 'the file defines no symbols; name another file'
        : `nearest: ${candidates.join(', ')}`,
  };
}

function ambiguous(file: string, symbol: string, definitions: readonly Definition[]): RegionResult {
  const places = definitions.map((definition) => `${signature(definition)} (${file}:${lineOf(definition)})`);
  return {
    kind: 'ambiguous',
    message: `symbol \`${symbol}\` names ${definitions.length} definitions: ${places.join(', ')}`,
    fix: 'write one of these with its full qualification or signature, e.g. `Class::name(type, type)`',
  };
}

function signature({ path, parameters }: Definition): string {
  return parameters === undefined ? path.join('::') : `${path.join('::')}(${parameters.join(', ')})`;
}

function lineOf({ node }: Definition): number {
  return node.startPosition.row + 1;
}

/** 1-based line of a UTF-16 index. */
function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) ++line;
  return line;
}
