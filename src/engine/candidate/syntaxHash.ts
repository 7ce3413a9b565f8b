import { createHash } from 'node:crypto';
import type { TreeCursor } from 'web-tree-sitter';
import type { FileTexts } from '../../protocol/policy.ts';
import type { CppSyntax } from '../ports.ts';
import { stripSource } from './cppText.ts';
import { changedFiles } from './patch.ts';

/**
 * SHA-256 (hex) of what a candidate changes, by syntax tree: comments, white space and formatting do not count, names
 * and literals do. Two candidates with the same hash compile to the same program, so that one of them need not be
 * measured. Files whose tree stays the same are left out; a text that is no correct C++ counts as it is written.
 */
export function syntaxHash(before: FileTexts, after: FileTexts, syntax: CppSyntax): string {
  const forms = [...changedFiles(before, after)].flatMap(([path, text]) => {
    const form = formOf(text, syntax);
    const old = before.get(path);
    return old !== undefined && formOf(old, syntax) === form ? [] : [[path, form] as const];
  });
  return createHash('sha256').update(JSON.stringify(forms)).digest('hex');
}

/** The text's tokens under the shape of its tree; with errors in it, the text. */
function formOf(text: string, syntax: CppSyntax): string {
  const tree = syntax.parse(text);
  try {
    if (tree.rootNode.hasError) return `text ${text}`;
    const parts: string[] = ['tree'];
    const cursor = tree.walk();
    try {
      write(cursor, parts);
    } finally {
      cursor.delete();
    }
    return parts.join(' ');
  } finally {
    tree.delete();
  }
}

/** Walks by the cursor alone: code may be nested deeper than a stack of calls. */
function write(cursor: TreeCursor, parts: string[]): void {
  for (;;) {
    const type = cursor.nodeType;
    if (type !== 'comment') {
      // The grammar takes a literal apart, and what is inside of it may hold space.
      const isWhole = wholes.has(type);
      if (!isWhole && cursor.gotoFirstChild()) {
        parts.push(`(${type}`);
        continue;
      }
      const text = isWhole ? cursor.nodeText : tokenText(cursor);
      if (text !== '') parts.push(JSON.stringify(text));
    }
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent()) return;
      parts.push(')');
    }
  }
}

const wholes: ReadonlySet<string> = new Set([
  'string_literal',
  'raw_string_literal',
  'char_literal',
  'system_lib_string',
]);

/** The text after a directive is one token to the grammar, comments and continued lines included. */
function tokenText(cursor: TreeCursor): string {
  if (cursor.nodeType !== 'preproc_arg') return cursor.nodeText.trim();
  const { text, unterminated } = stripSource(cursor.nodeText, { strings: false });
  return unterminated || /["']/.test(text) ? cursor.nodeText.trim() : text.trim().replace(/\s+/g, ' ');
}
