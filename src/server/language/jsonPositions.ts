import { jsonError } from '../../engine/module/jsonError.ts';

/** A stretch of text, as UTF-16 indices. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

interface Place {
  /** Of the key in quotes; none for the whole text and the items of an array. */
  readonly key: TextSpan | undefined;
  readonly value: TextSpan;
}

const whitespace = /[ \t\r\n]*/y;
const scalar = /"(?:[^"\\]|\\.)*"|[^\s,:[\]{}"]+/y;

/**
 * Where a field of a JSON text stands, or what comes nearest: the key of a value that is an object, the object around a
 * field that is missing, the place where the text stops being JSON. `field` is written as `modules.search.regions[1]`.
 */
export function spanOfField(text: string, field: string, wanted: 'key' | 'value'): TextSpan {
  const error = jsonError(text);
  if (error !== undefined) return lineEnd(text, error.line, error.column);
  const places = placesOf(text);
  // A problem may be of several fields; the first is where it is shown.
  const [first = ''] = field.split(', ');
  for (let path = first; ; path = parentOf(path)) {
    const place = places.get(path);
    if (place === undefined && path !== '') continue;
    if (place === undefined) return { start: 0, end: 0 };
    const { key, value } = place;
    const isExact = path === first;
    const isNested = /[[{]/.test(text.charAt(value.start));
    if (key !== undefined && (wanted === 'key' || !isExact || isNested)) return key;
    return isNested ? { start: value.start, end: value.start + 1 } : value;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')));
}

function lineEnd(text: string, line: number, column: number): TextSpan {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  const start = Math.min(before + column - 1, text.length);
  return { start, end: Math.max(start, before + (lines[line - 1]?.length ?? 0)) };
}

/** Field -> where it is, for a text that is JSON. */
function placesOf(text: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    at += pattern.exec(text)?.[0].length ?? 0;
  };
  const next = (): string => {
    skip(whitespace);
    return text.charAt(at);
  };
  const value = (path: string, key: TextSpan | undefined): void => {
    next();
    const start = at;
    if (text.charAt(at) === '{') items('}', () => member(path));
    else if (text.charAt(at) === '[') {
      let index = 0;
      items(']', () => value(`${path}[${index++}]`, undefined));
    } else skip(scalar);
    places.set(path, { key, value: { start, end: at } });
  };
  const items = (close: string, item: () => void): void => {
    ++at;
    while (next() !== close) {
      item();
      if (next() === ',') ++at;
    }
    ++at;
  };
  const member = (path: string): void => {
    next();
    const start = at;
    skip(scalar);
    const key = { start, end: at };
    const name = JSON.parse(text.slice(start, at)) as string;
    next();
    ++at;
    value(path === '' ? name : `${path}.${name}`, key);
  };
  value('', undefined);
  return places;
}
