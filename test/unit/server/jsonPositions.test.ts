import { describe, expect, it } from 'vitest';
import { spanOfField } from '../../../src/server/language/jsonPositions.ts';

const text = `{
  "name": "a \\"quoted\\" name",
  "list": [1, { "deep": { "x": [true, null] } }, "s"],
  "empty": {}, "last": -1.5e3
}
`;
const marked = (field: string, wanted: 'key' | 'value' = 'value', source = text): string => {
  const { start, end } = spanOfField(source, field, wanted);
  return source.slice(start, end);
};

describe('where a field of a JSON text stands', () => {
  it.each([
    ['name', '"a \\"quoted\\" name"'],
    ['list[0]', '1'],
    ['list[1].deep.x[1]', 'null'],
    ['list[2]', '"s"'],
    ['last', '-1.5e3'],
  ])('%s', (field, expected) => expect(marked(field)).toBe(expected));

  it('is the key where the key is wrong, or the value fills lines', () => {
    expect(marked('last', 'key')).toBe('"last"');
    expect(marked('list')).toBe('"list"');
    expect(marked('list[1]')).toBe('{');
  });

  it('is what is around it where it is missing', () => {
    expect(marked('empty.more')).toBe('"empty"');
    expect(marked('list[1].deep.y.z')).toBe('"deep"');
    expect(marked('nothing')).toBe('{');
    expect(marked('last, name')).toBe('-1.5e3');
  });

  it('is where the text stops being JSON', () => {
    const torn = '{\n  "a": 1,\n  "b" 2\n}\n';
    expect(marked('', 'value', torn)).toBe('2');
  });
});
