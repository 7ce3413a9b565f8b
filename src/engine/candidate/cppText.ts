/** C++ source with comments blanked; line numbers stay the same. */
export interface StrippedSource {
  readonly text: string;
  /** What was still open at the end. */
  readonly unterminated: 'comment' | 'string' | undefined;
}

interface StripOptions {
  /** Blank what is inside string and character literals too. */
  readonly strings: boolean;
}

const rawStart = /(?:u8|[uUL])?R"([^\s()\\]{0,16})\(/y;

/**
 * Blanks comments (and, on request, the inside of literals) after joining continued lines, as the preprocessor would
 * see them.
 */
export function stripSource(source: string, { strings }: StripOptions): StrippedSource {
  const input = joinContinuedLines(source);
  let text = '';
  let at = 0;
  const take = (length: number, blank: boolean): void => {
    const piece = input.slice(at, at + length);
    text += blank ? piece.replace(/[^\n]/g, ' ') : piece;
    at += length;
  };
  const takeTo = (end: number, blank: boolean): boolean => {
    take((end < 0 ? input.length : end) - at, blank);
    return end >= 0;
  };
  while (at < input.length) {
    if (input.startsWith('//', at)) {
      takeTo(input.indexOf('\n', at), true);
      continue;
    }
    if (input.startsWith('/*', at)) {
      const end = input.indexOf('*/', at + 2);
      if (!takeTo(end < 0 ? end : end + 2, true)) return { text, unterminated: 'comment' };
      continue;
    }
    rawStart.lastIndex = at;
    const raw = /\w/.test(input[at - 1] ?? '') ? null : rawStart.exec(input);
    if (raw) {
      take(raw[0].length, false);
      const close = `)${raw[1]}"`;
      if (!takeTo(input.indexOf(close, at), strings)) return { text, unterminated: 'string' };
      take(close.length, false);
      continue;
    }
    const char = input[at] ?? '';
    if (char === '"' || (char === "'" && !separatesDigits(input, at))) {
      take(1, false);
      const end = literalEnd(input, at, char);
      if (!takeTo(end, strings)) return { text, unterminated: 'string' };
      take(1, false);
      continue;
    }
    take(1, false);
  }
  return { text, unterminated: undefined };
}

/** Whether the quote stands inside a number, as in 1'000; the quote of u8'x' does not. */
function separatesDigits(input: string, at: number): boolean {
  const before = input.slice(input.lastIndexOf('\n', at) + 1, at);
  return /\w/.test(input[at + 1] ?? '') && /(?<![\w.'])\.?\d(?:[\w.]|'\w)*$/.test(before);
}

function literalEnd(input: string, from: number, quote: string): number {
  for (let i = from; i < input.length && input[i] !== '\n'; ++i) {
    if (input[i] === '\\') ++i;
    else if (input[i] === quote) return i;
  }
  return -1;
}

/** Joins lines that end in a backslash; the line breaks move behind the joined line, so that later numbers hold. */
function joinContinuedLines(source: string): string {
  return source.replace(/(?:[^\n]*\\[ \t\r\f\v]*\n)+[^\n]*/g, (lines) => {
    const breaks = lines.split('\n').length - 1;
    return lines.replace(/\\[ \t\r\f\v]*\n/g, '') + '\n'.repeat(breaks);
  });
}

/** A preprocessor directive: `name` without the `#`, `rest` up to the end of the line. Lines are 1-based. */
export interface Directive {
  readonly line: number;
  readonly name: string;
  readonly rest: string;
}

/** Directives of a source whose comments are blanked; digraph and trigraph spellings count. */
export function directivesOf(stripped: string): readonly Directive[] {
  return stripped.split('\n').flatMap((text, i) => {
    const match = /^\s*(?:#|%:|\?\?=)\s*(\w*)\s*(.*)$/.exec(text);
    return match ? [{ line: i + 1, name: match[1] ?? '', rest: (match[2] ?? '').trim() }] : [];
  });
}

/**
 * Why a piece of code cannot stand by itself: an open comment, bracket or conditional would change what follows it.
 * Undefined when it can.
 */
export function openEnd(source: string): string | undefined {
  const { text, unterminated } = stripSource(source, { strings: true });
  if (unterminated) return `an unclosed ${unterminated}`;
  let conditionals = 0;
  for (const { name } of directivesOf(text)) {
    if (name.startsWith('if')) ++conditionals;
    else if (name.startsWith('el') && conditionals === 0) return `a #${name} without its #if`;
    else if (name === 'endif' && --conditionals < 0) return 'an #endif without its #if';
  }
  if (conditionals > 0) return 'an #if without its #endif';
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  const open: string[] = [];
  for (const char of text) {
    if ('([{'.includes(char)) open.push(char);
    else if (char in pairs && open.pop() !== pairs[char])
      return `a \`${char}\` without its \`${pairs[char]}\``;
  }
  return open.length > 0 ? `an unclosed \`${open.at(-1)}\`` : undefined;
}
