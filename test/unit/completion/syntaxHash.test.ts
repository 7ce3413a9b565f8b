import { describe, expect, it } from 'vitest';
import { syntaxHash } from '../../../src/engine/candidate/syntaxHash.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { edited, files, search, syntax } from './exampleModule.ts';

const line = '        const float d = distance(id);';
const changed = edited(search, line, '        const float d = 2 * distance(id);  // twice');

function hash(text: string, before: FileTexts = files, path = search): string {
  return syntaxHash(before, new Map([[path, text]]), syntax);
}

describe('syntaxHash', () => {
  it('is the same for other formatting and comments', () => {
    const twin = changed
      .replace('// twice', '/* two times */')
      .replace('2 * distance(id)', '2*\n   distance( id )')
      .replaceAll('\n  ', '\n\t')
      .replace(/^ *\/\/.*\n/gm, '')
      .replaceAll('\n', '\r\n');
    expect(twin).not.toBe(changed);
    expect(hash(twin)).toBe(hash(changed));
  });

  it.each([
    ['a literal', '2 * distance', '3 * distance'],
    ['a name', 'd = 2 *', 'e = 2 *'],
    ['an operator', '2 * distance', '2 + distance'],
    ['a statement', 'pool_.Reset(ef);', 'pool_.Reset(ef); pool_.Reset(ef);'],
    ['an include', '#include <limits>', '#include <array>'],
  ])('differs by %s', (_, from, to) => {
    expect(changed).toContain(from);
    expect(hash(changed.replace(from, to))).not.toBe(hash(changed));
  });

  it('tells strings by their space, and groupings apart', () => {
    const one = new Map([['a.h', 'int a;\n']]);
    const of = (text: string): string => hash(text, one, 'a.h');
    expect(of('auto a = "x  y";')).not.toBe(of('auto a = "x y";'));
    expect(of('auto a = R"(x  y)";')).not.toBe(of('auto a = R"(x y)";'));
    expect(of("auto a = ' ';")).not.toBe(of("auto a = '\t';"));
    expect(of('#define A 1  // one\nint b;\n')).toBe(of('#define A   1\nint b;\n'));
    expect(of('#define A "x  y"\nint b;\n')).not.toBe(of('#define A "x y"\nint b;\n'));
    expect(of('#define A(x) x\n')).not.toBe(of('#define A (x) x\n'));
    expect(of('int a = b - (c - d);')).not.toBe(of('int a = (b - c) - d;'));
    expect(of('int a = b - -c;')).not.toBe(of('int a = b-- -c;'));
  });

  it('leaves out files in which only comments change', () => {
    const noted = new Map([
      [search, changed],
      ['include/hnsw/storage.h', `// A note.\n${files.get('include/hnsw/storage.h')}`],
    ]);
    expect(syntaxHash(files, noted, syntax)).toBe(hash(changed));
  });

  it('takes code of any depth', () => {
    const deep = (inner: string): string =>
      changed.replace('2 * distance(id)', `${'('.repeat(20_000)}${inner}${')'.repeat(20_000)}`);
    expect(hash(deep('id + 1'))).toBe(hash(deep('id+1')));
    expect(hash(deep('id'))).not.toBe(hash(deep('d')));
  });

  it('counts broken code as it is written', () => {
    const broken = changed.replace('class CandidatePool {', 'class CandidatePool { )( ');
    expect(hash(broken)).not.toBe(hash(changed));
    expect(hash(broken)).toBe(hash(`${broken}`));
    expect(hash(`${broken}\n// a comment`)).not.toBe(hash(broken));
  });
});
