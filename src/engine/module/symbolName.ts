/** A C++ symbol as a person writes it: `f`, `Class::member`, `Class<int>`, `f(int, const float*)`. */
export interface SymbolName {
  /** Qualified name, outermost first. A segment keeps its template arguments. */
  readonly segments: readonly string[];
  /** Parameter types in canonical spelling, where a signature was given. */
  readonly parameters: readonly string[] | undefined;
}

/** Splits a symbol into its name segments and its optional signature. Never throws: odd input finds nothing. */
export function parseSymbolName(text: string): SymbolName {
  const open = signatureStart(text);
  const name = open < 0 ? text : text.slice(0, open);
  const close = text.lastIndexOf(')');
  const parameters =
    open < 0
      ? undefined
      : splitTopLevel(text.slice(open + 1, close > open ? close : undefined), ',')
          .map(canonicalType)
          .filter((type) => type !== '' && type !== 'void');
  return { segments: splitTopLevel(name, '::').map(canonicalType), parameters };
}

/** True when `full` ends with the segments of `asked`; template arguments count only where `asked` gives them. */
export function endsWith(full: readonly string[], asked: readonly string[]): boolean {
  if (asked.length === 0 || asked.length > full.length) return false;
  const offset = full.length - asked.length;
  return asked.every((segment, i) => {
    const other = full[offset + i] ?? '';
    return segment === other || segment === withoutTemplateArguments(other);
  });
}

/** One spelling per type: no optional space, so that `const float *` equals `const float*`. */
export function canonicalType(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\s*([^\w\s])\s*/g, '$1')
    .trim();
}

/** `Foo<T>` without its arguments; operators keep their angle brackets. */
export function withoutTemplateArguments(segment: string): string {
  return segment.startsWith('operator') ? segment : segment.replace(/<.*$/, '');
}

function signatureStart(text: string): number {
  const call = text.indexOf('operator()');
  return text.indexOf('(', call < 0 ? 0 : call + 'operator()'.length);
}

function splitTopLevel(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; ++i) {
    const char = text[i] ?? '';
    if ('<(['.includes(char)) ++depth;
    else if ('>)]'.includes(char)) --depth;
    else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      i += separator.length - 1;
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
