import type { Node } from 'web-tree-sitter';

/** Replaces text[start, end) (UTF-16 indices) by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits that do not overlap; two insertions at one place keep their order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ordered = edits.map((edit, i) => ({ edit, i }));
  ordered.sort((a, b) => a.edit.start - b.edit.start || a.edit.end - b.edit.end || a.i - b.i);
  let result = '';
  let at = 0;
  for (const { edit } of ordered) {
    if (edit.start < at) throw new Error('edits overlap');
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

export function replaceNode(node: Node, text: string): Edit {
  return { start: node.startIndex, end: node.endIndex, text };
}

/** The white space that the line of `index` begins with. */
export function indentAt(text: string, index: number): string {
  const lineStart = text.lastIndexOf('\n', index - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
}

/** Index of the start of the line that holds `index`. */
export function lineStart(text: string, index: number): number {
  return text.lastIndexOf('\n', index - 1) + 1;
}

/** Index after the line break of the line that holds `index`; the text's end on its last line. */
export function lineEnd(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  return end < 0 ? text.length : end + 1;
}

/**
 * Sets the left margin of a block of code: the first line's indentation becomes `indent`, the others follow it.
 * Preprocessor lines stay at the left edge.
 */
export function reindent(code: string, indent: string): string {
  const lines = code.split('\n');
  const margin = /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  return lines
    .map((line) =>
      line.trim() === '' || line.startsWith('#')
        ? line.trim()
        : indent + line.slice(Math.min(margin, leadingSpaces(line))),
    )
    .join('\n');
}

/** How far the body of a function or a loop is indented, e.g. 2 or 4 columns. */
export function indentUnit(text: string, node: Node): number {
  const body = node.childForFieldName('body');
  const first = body?.namedChildren.find(({ type }) => !type.startsWith('preproc'));
  const inner = first ? indentAt(text, first.startIndex).length : 0;
  return Math.max(2, inner - indentAt(text, node.startIndex).length);
}

/** Code indented by 2 columns per block, indented by `unit` instead. */
export function withIndentUnit(code: string, unit: number): string {
  return code.replaceAll(/^ +/gm, (spaces) => ' '.repeat((spaces.length / 2) * unit));
}

/**
 * As `withIndentUnit`, for code with lines that continue a statement: they keep their distance from its first line, as
 * access specifiers keep their odd column.
 */
export function withBlockUnit(code: string, unit: number): string {
  let shift = 0;
  let open = 0;
  let continued = false;
  const lines = code.split('\n').map((line) => {
    const spaces = leadingSpaces(line);
    const tokens = line.replace(/\/\/.*$/, '').trim();
    if (tokens.startsWith('#') || line.trim() === '') return line;
    if (open === 0 && !continued && !tokens.startsWith(':')) shift = Math.floor(spaces / 2) * (unit - 2);
    open += [...tokens].reduce((sum, token) => sum + (token === '(' ? 1 : token === ')' ? -1 : 0), 0);
    continued = /[=+\-*|&?]$/.test(tokens);
    return ' '.repeat(spaces + shift) + line.trim();
  });
  return lines.join('\n');
}

function leadingSpaces(line: string): number {
  return line.length - line.trimStart().length;
}

/** Lines of code with their trailing comments in one column, as clang-format aligns neighbouring ones. */
export function withTrailingComments(lines: readonly (readonly [code: string, comment?: string])[]): string {
  const commented = lines.filter(([, comment]) => comment !== undefined);
  const width = Math.max(...commented.map(([code]) => code.length));
  return lines
    .map(([code, comment]) => (comment === undefined ? code : `${code.padEnd(width)}  // ${comment}`))
    .join('\n');
}

/** Inserts code as the first statements of a function's body. */
export function insertAtTop(text: string, body: Node, code: string): Edit {
  const first = body.namedChildren.at(0)?.startIndex ?? body.endIndex;
  const at = lineEnd(text, body.startIndex);
  return { start: at, end: at, text: `${reindent(code, indentAt(text, first))}\n` };
}

/** Puts code on lines of its own before a statement or definition. */
export function insertBefore(text: string, node: Node, code: string): Edit {
  const margin = indentAt(text, node.startIndex);
  const block = reindent(code, margin).slice(margin.length);
  return { start: node.startIndex, end: node.startIndex, text: `${block}\n${margin}` };
}

/** Puts code on lines of its own behind a statement. */
export function insertAfter(text: string, statement: Node, code: string): Edit {
  const at = lineEnd(text, statement.endIndex);
  return { start: at, end: at, text: `${reindent(code, indentAt(text, statement.startIndex))}\n` };
}

/** A statement with its own indentation restored, so that it can be moved as a block. */
export function blockText(text: string, node: Node): string {
  return indentAt(text, node.startIndex) + node.text;
}
