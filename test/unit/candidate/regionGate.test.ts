import { describe, expect, it } from 'vitest';
import { editsOutsideModule } from '../../../src/engine/candidate/regionGate.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import type { Region, SymbolRef } from '../../../src/protocol/module.ts';

const old = `#pragma once
#include <vector>

namespace demo {
int before() { return 1; }

// The pool.
class Pool {
 public:
  void push(int x) { xs_.push_back(x); }

 private:
  std::vector<int> xs_;
};

int between() { return kLimit; }

int search(int ef) { return ef; }

int after() { return 2; }
}  // namespace demo
`;
const before = new Map([
  ['search.h', old],
  ['other.h', 'int other();\n'],
]);

const syntax = await createCppSyntax();
const locate = (ref: SymbolRef, text: string) => locateRegion(syntax, ref, text);
const regions = ['#includes', 'Pool', 'search'].map((symbol): Region => {
  const result = locate({ file: 'search.h', symbol }, old);
  if (result.kind !== 'found') throw new Error(result.message);
  return result.region;
});

function problems(...edits: readonly (readonly [from: string, to: string])[]): string {
  const text = edits.reduce((all, [from, to]) => {
    expect(all.includes(from), from).toBe(true);
    return all.replace(from, to);
  }, old);
  return editsOutsideModule({ before, after: new Map([['search.h', text]]), regions, locate }).join('\n');
}

describe('editsOutsideModule', () => {
  it.each([
    ['nothing', [['', '']]],
    ['a body', [['return ef;', 'return ef + 1;']]],
    ['a comment of a region', [['// The pool.', '// The linear pool.\n// Sorted.']]],
    ['a member', [['  std::vector<int> xs_;', '  std::vector<int> xs_;\n  int cursor_ = 0;']]],
    [
      'includes',
      [
        [
          '#include <vector>',
          '#include <array>\n#include <vector>\n#ifdef __AVX2__\n#include <immintrin.h>\n#endif',
        ],
      ],
    ],
    ['a helper before a region', [['int search(', 'inline int help(int x) { return x; }\n\nint search(']]],
    ['a helper after a region', [['return ef; }', 'return ef; }\n\ninline int help(int x) { return x; }']]],
    [
      'a private macro',
      [['return ef;', '\n#define TWICE(x) (2 * (x))\n  return TWICE(ef);\n#undef TWICE\n']],
    ],
    ['an overload next to the region', [['return ef; }', 'return ef; }\nint search() { return 0; }']]],
    [
      'all at once',
      [
        ['return ef;', 'return 1;'],
        ['// The pool.', 'struct New {};\n\n// The pool.'],
        ['<vector>', '<queue>'],
      ],
    ],
  ] as const)('allows %s', (_, edits) => {
    expect(problems(...edits)).toBe('');
  });

  it.each([
    [
      'code between regions',
      [['return kLimit;', 'return 3;']],
      'search.h:16: `int between() { return kLimit; }` is outside',
    ],
    ['code before', [['return 1;', 'return 0;']], 'search.h:5: `int before() { return 1; }` is outside'],
    ['code after', [['int after()', 'long after()']], 'search.h:20: `int after() { return 2; }` is outside'],
    ['removed code', [['int between() { return kLimit; }\n\n', '']], 'search.h:16:'],
    [
      'code at the top',
      [['#pragma once', '#pragma once\nint evil;']],
      "search.h:2: `#include <vector>` is outside the module's regions and was preceded by new code",
    ],
    ['code at the end', [['}  // namespace demo\n', '}  // namespace demo\nint evil;\n']], 'search.h:'],
    [
      'code that no region touches',
      [['}  // namespace demo', 'int evil;\n}  // namespace demo']],
      'search.h:21',
    ],
    ['a renamed symbol', [['int search(', 'int seek(']], '`search` was removed, renamed or doubled'],
    [
      'a removed symbol',
      [['int search(int ef) { return ef; }', '']],
      '`search` was removed, renamed or doubled',
    ],
    [
      'a doubled symbol',
      [['int after()', 'int other;\nint search() { return 0; }\nint after()']],
      '`search` was removed, renamed or doubled',
    ],
    [
      'a changed kind',
      [['int search(int ef) { return ef; }', 'int search = 3;']],
      'was a function and is now a member',
    ],
    [
      'a swap of the order',
      [
        ['class Pool {', 'int search(int ef) { return ef; }\nclass Pool {'],
        ['\nint search(int ef) { return ef; }\n\nint after', '\nint after'],
      ],
      'no longer stand in their order',
    ],
    [
      'commented-out code',
      [
        ['int between()', '/* int between()'],
        ['int search(', '*/ int search('],
      ],
      'search.h:',
    ],
    [
      'code taken out by #if',
      [
        ['xs_;\n};', 'xs_;\n};\n#if 0'],
        ['int search(', '#endif\nint search('],
      ],
      'search.h:',
    ],
    [
      'code wrapped in a namespace',
      [
        ['xs_;\n};', 'xs_;\n};\nnamespace hide {'],
        ['int search(', '}\nint search('],
      ],
      'search.h:',
    ],
    [
      'a macro that code outside uses',
      [['return ef; }', 'return ef; }\n#define after later']],
      'defines or undefines `after`',
    ],
    [
      'a redefined constant',
      [['return ef;', '\n#define kLimit 9\n return ef;']],
      'defines or undefines `kLimit`',
    ],
    [
      'a template header for code outside',
      [['return ef; }', 'return ef; }\ntemplate <typename T>']],
      'search.h:',
    ],
    ['a specifier for code outside', [['return ef; }', 'return ef; }\nstatic']], 'search.h:'],
    ['a comment that takes code outside', [['return ef; }\n\n', 'return ef; }\nint x;  // ']], 'search.h:'],
    [
      'a macro that swallows the next line',
      [['return ef; }\n\n', 'return ef; }\n#define SWALLOW \\\n']],
      'search.h:',
    ],
    ['code behind the includes', [['#include <vector>', '#include <vector>\nint evil;']], 'search.h:'],
  ] as const)('refuses %s', (_, edits, message) => {
    const found = problems(...edits);
    expect(found).not.toBe('');
    expect(found).toContain(message);
  });

  it('refuses other files, new files and lost ones', () => {
    const check = (after: ReadonlyMap<string, string>): string =>
      editsOutsideModule({ before, after, regions, locate }).join('\n');
    expect(check(new Map([['other.h', 'int changed();\n']]))).toContain(
      'other.h:1: `int other();` is changed, but the module has no region in this file',
    );
    expect(check(new Map([['new.h', '']]))).toContain('new.h: a new file');
    expect(check(new Map([['search.h', '']]))).toContain('was removed, renamed or doubled');
  });
});
