/** How the lines of a completion are told apart. Every pattern is for one line without its line break. */

/** No header, heading or path is longer; longer lines are not looked at, which keeps the patterns fast on any text. */
export const longestHeader = 500;

export type Marker = 'search' | 'divider' | 'replace' | 'malformed';

/**
 * What a line says as a marker of a SEARCH/REPLACE block; undefined for any other line. `malformed` is a line that can
 * only have been meant as one.
 */
export function markerOf(line: string): Marker | undefined {
  if (/^\s*<{5,9}\s*SEARCH\s*$/.test(line)) return 'search';
  if (/^\s*={5,9}\s*$/.test(line)) return 'divider';
  if (/^\s*>{5,9}\s*REPLACE\s*$/.test(line)) return 'replace';
  return /^\s*(?:<{5}|>{5}|={5}|[<>]{3,}\s*(?:SEARCH|REPLACE)\b)/.test(line) ? 'malformed' : undefined;
}

/** A line that opens or closes a fenced block. */
export interface Fence {
  readonly char: '`' | '~';
  readonly length: number;
  /** What stands behind it, e.g. `cpp`; empty where it may close a fence. */
  readonly info: string;
}

export function fenceOf(line: string): Fence | undefined {
  const match = /^\s*(?:(`{3,})([^`]*)|(~{3,})(.*))$/.exec(line);
  if (!match) return undefined;
  const ticks = match[1] ?? match[3] ?? '';
  return {
    char: ticks.startsWith('~') ? '~' : '`',
    length: ticks.length,
    info: (match[2] ?? match[4] ?? '').trim(),
  };
}

/** A line that says which file or region the code after it is for. */
export interface Header {
  readonly name: 'file' | 'region';
  readonly value: string;
  /** Whether it can only be meant for code that follows, so that there must be some. */
  readonly binding: boolean;
}

const headerLine =
  /^\s*(?:#{1,6}\s+|[-+]\s+|\d+[.)]\s+)?(\/\/\s*)?(?:\*\*|__)?(file|region)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(\S.*?)?\s*$/i;

export function headerOf(line: string): Header | undefined {
  const match = line.length > longestHeader ? null : headerLine.exec(line);
  if (!match) return undefined;
  const [, comment, word = '', rest = ''] = match;
  const value = withoutMarks(rest);
  // A sentence may begin with "File: ..."; in capitals it is the header that the format asks for.
  const shouted = word === word.toUpperCase();
  if (!shouted && (value === '' || (/\s/.test(value) && !/^[`"']/.test(rest)))) return undefined;
  return {
    name: word.toLowerCase() === 'file' ? 'file' : 'region',
    value,
    binding: comment === undefined,
  };
}

const sourcePath = /[^\s`"'=:]*[^\s`"'=:./\\]\.(?:h|hh|hpp|hxx|h\+\+|c|cc|cpp|cxx|inl|ipp|tcc)/;
const onlyPath = new RegExp(`^${sourcePath.source}$`);
const pathInside = new RegExp(`(?:^|[\\s:="'])(${sourcePath.source})(?=$|[\\s"'])`);

/** The path on a line that holds nothing else, whatever marks surround it. */
export function lonePath(line: string): string | undefined {
  if (line.length > longestHeader) return undefined;
  const text = withoutMarks(line.trim().replace(/^(?:#{1,6}\s+|\/\/\s*)/, ''));
  return onlyPath.test(text) ? text : undefined;
}

/** The path in a fence's info string, as in `cpp include/x.h`. */
export function pathInInfo(info: string): string | undefined {
  return info.length > longestHeader ? undefined : pathInside.exec(info)?.[1];
}

/** Without the emphasis, quotes and final colon around it. */
function withoutMarks(text: string): string {
  let inner = text.trim();
  for (;;) {
    const next = inner
      .replace(/:$/, '')
      .replace(/^(\*\*|__|[`"'])(.*)$/s, '$2')
      .replace(/(\*\*|__|[`"'])$/, '')
      .trim();
    if (next === inner) return inner;
    inner = next;
  }
}
