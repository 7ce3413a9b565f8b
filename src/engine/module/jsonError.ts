const whitespace = /[ \t\r\n]*/y;
const scalar =
  /"(?:[^"\\\n\r\t]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Where a text stops being JSON: 1-based line and column, and what was expected there. `JSON.parse` does not always say.
 * Undefined for valid JSON (and for a control character in a string, which only `JSON.parse` minds).
 */
export function jsonError(
  text: string,
): { readonly line: number; readonly column: number; readonly expected: string } | undefined {
  let at = 0;
  let expected = '';

  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const matched = pattern.exec(text)?.[0];
    at += matched?.length ?? 0;
    return matched;
  };
  const token = (char: string): boolean => {
    skip(whitespace);
    if (text[at] !== char) return false;
    ++at;
    return true;
  };
  const fail = (what: string): false => {
    expected = what;
    return false;
  };
  const key = (): boolean => {
    skip(whitespace);
    if (text[at] !== '"' || skip(scalar) === undefined) return fail('a key in double quotes');
    return token(':') || fail('a colon');
  };
  const items = (close: string, item: () => boolean): boolean => {
    if (token(close)) return true;
    for (;;) {
      if (!item()) return false;
      if (token(close)) return true;
      if (!token(',')) return fail(`a comma or \`${close}\``);
    }
  };
  const value = (): boolean => {
    if (token('{')) return items('}', () => key() && value());
    if (token('[')) return items(']', value);
    return skip(scalar) !== undefined || fail('a value');
  };

  const end = (): boolean => {
    skip(whitespace);
    return at === text.length || fail('the end of the file');
  };
  if (value() && end()) return undefined;
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected };
}
