import { describe, expect, it } from 'vitest';
import { growthProblem } from '../../../src/engine/candidate/style/growth.ts';
import { styleProblems } from '../../../src/engine/candidate/style/styleProblems.ts';
import type { Region } from '../../../src/protocol/module.ts';
import { defaultStyleLimits, type StyleLimits, styleLimitsSchema } from '../../../src/protocol/style.ts';
import { syntax } from '../completion/exampleModule.ts';

const file = 'search.h';
const saved = `#ifndef SEARCH_H_
#define SEARCH_H_
#include <vector>

namespace demo {

float Distance(const float* a, const float* b, int dim);

/// The beam.
class Pool {
 public:
  explicit Pool(int ef) : ef_(ef) {}

  void Push(int id) { ids_.push_back(id); }

  int Run(const int* links, int count) {
    int best = 7;
    for (int i = 0; i < count; ++i) {
      if (links[i] < best) best = links[i];
    }
    return best + ef_;
  }

 private:
  int ef_;
  std::vector<int> ids_;
};

struct Open {
  int x;
};

}  // namespace demo

#endif  // SEARCH_H_
`;
const region: Region = {
  file,
  symbol: 'Pool',
  kind: 'type',
  start: 0,
  end: saved.length,
  startLine: 9,
  endLine: 26,
  hash: '',
};

/** Problems of an edit, as `check line: message`; `others` are files that it leaves alone. */
function problems(
  edits: readonly (readonly [from: string, to: string])[],
  limits: StyleLimits = defaultStyleLimits,
  others: readonly (readonly [string, string])[] = [],
): readonly string[] {
  const text = edits.reduce((all, [from, to]) => {
    expect(all.split(from), from).toHaveLength(2);
    return all.replace(from, () => to);
  }, saved);
  const before = new Map([[file, saved], ...others]);
  return styleProblems({ before, after: new Map([[file, text]]), regions: [region], syntax, limits }).map(
    ({ check, line, message }) => `${check} ${line}: ${message}`,
  );
}

/** Problems of statements at the head of `Run`. */
const inRun = (code: string, limits?: StyleLimits): readonly string[] =>
  problems([['    int best = 7;\n', `    int best = 7;\n${code}\n`]], limits);

/** Problems of members in the private part. */
const inPrivate = (code: string, use = ''): readonly string[] =>
  problems([
    [' private:\n', ` private:\n${code}\n`],
    ['    int best = 7;\n', `    int best = 7;\n${use}\n`],
  ]);

describe('style-constant', () => {
  it.each([
    ['a number in an expression', 'best = best * 37;', '37'],
    ['a look-ahead', '__builtin_prefetch(&links[best + 5]);', '5'],
    ['a float', 'best += static_cast<int>(count * 0.83f);', '0.83f'],
    ['a constant whose name tells nothing', 'const int c1 = 48; best += c1;', '48'],
    ['a mutable variable', 'int patience = 48; best += patience;', '48'],
    ['a hidden one in a call of a constant', 'const int limit = Cut(best, 48); best += limit;', '48'],
    ['a bound', 'if (count > 300) best = 0;', '300'],
  ])('refuses %s', (_, code, number) => {
    expect(inRun(code)).toEqual([
      expect.stringMatching(`^style-constant 18: the number \`${number}\` is unexplained`),
    ]);
  });

  it.each([
    ['a named constant', 'constexpr int kPatience = 48; best += kPatience;'],
    ['a named const', 'const int lookahead = 12; best += lookahead;'],
    ['a comment beside it', 'best = best * 37;  // three bits short of a cache line'],
    ['a comment above it', '// Links of one node fill 37 lines.\nbest = best * 37;'],
    ['a comment above its statement', '// Past this the beam is stale.\nif (best >\n    37) best = 0;'],
    ['zero, one, two and a half', 'best = 2 * best + 1 - static_cast<int>(0.5f); if (best == -1) best = 0;'],
    ['shifts and masks', 'best = (best << 6) >> 3; best &= 63; best ^= 0xFF;'],
    ['words of bits', 'best += count / 64 + count % 64 + 8 * static_cast<int>(sizeof(best));'],
    ['percentages', 'best = best * count / 100;'],
    [
      'a loop unrolled by four',
      'for (int i = 0; i + 4 <= count; i += 4) best += links[i] + links[i + 1] + links[i + 2] + links[i + 3];',
    ],
    ['lanes', 'for (int i = 0; i + 16 <= count; i += 16) Use(_mm512_loadu_ps(links + i));'],
    ['operands of instructions', 'best += _mm_extract_epi32(Half(best), 3);'],
    ['an alignment', 'alignas(64) int lanes[2] = {0, 0}; best += lanes[0];'],
  ])('lets pass %s', (_, code) => {
    expect(inRun(code).filter((each) => each.startsWith('style-constant'))).toEqual([]);
  });

  it('lets pass what was there, moved or indented, and what a limit allows', () => {
    expect(
      problems([
        ['    int best = 7;\n', ''],
        ['    return best + ef_;', '    int best = 7;\n    return best + ef_;'],
      ]),
    ).toEqual([]);
    expect(problems([['    int best = 7;\n', '      int best = 7;\n']])).toEqual([]);
    expect(inRun('best = best * 37;', styleLimitsSchema.parse({ unexplainedConstants: 1 }))).toEqual([]);
  });
});

describe('style-name', () => {
  it.each([
    ['quantumState', 'quantum'],
    ['neural_gate', 'neural'],
    ['kMagicFactor', 'magic'],
    ['HyperPrefetch', 'hyper'],
    ['ultraFast', 'ultra'],
    ['turbo', 'turbo'],
    ['smart_prune', 'smart'],
    ['IntelligenceLevel', 'intelligence'],
    ['geniusMode', 'genius'],
  ])('refuses %s', (name, word) => {
    expect(inRun(`const int ${name} = count; best += ${name};`)).toEqual([
      expect.stringContaining(`style-name 18: the name \`${name}\` has the word "${word}"`),
    ]);
  });

  it.each(['tmp2', 'foo', 'data1', 'stuff'])('refuses %s, which means nothing', (name) => {
    expect(inRun(`const int ${name} = count; best += ${name};`)).toEqual([
      expect.stringContaining('means nothing'),
    ]);
  });

  it('refuses one letter for a member, not for a local or a parameter', () => {
    expect(inPrivate('  int q_ = 0;', '    best += q_;')).toEqual([expect.stringContaining('one letter')]);
    expect(inPrivate('  int M_ = 0;', '    best += M_;')).toEqual([]);
    expect(inRun('const int q = count; best += q;')).toEqual([]);
    expect(inPrivate('  static int Half(int q) { return q / 2; }', '    best += Half(best);')).toEqual([]);
  });

  it.each([
    'frontier',
    'superset',
    'hyperparameter',
    'hyperplane',
    'hyper_plane',
    'element_wise',
    'pairwise',
    'penultimate',
    'gigabytes',
    'megabytes',
    'smart_ptr_count',
    'temp',
    'data',
    'value',
    'magnitude',
    'optimum',
    'prefetch',
    'x0',
    'sum1',
    'lanes8',
    'sorted',
    'visited',
    'extreme',
    'testBit',
    'fused',
    'norm2',
    'barrier',
    'footer',
  ])('lets pass %s', (name) => {
    expect(inRun(`const int ${name} = count; best += ${name};`)).toEqual([]);
  });

  it('lets pass names of the saved code, and follows the settings', () => {
    const old = [['a.h', 'inline int turbo() { return 1; }\n']] as const;
    const edit = [
      ['    int best = 7;\n', '    int best = 7;\n    const int turbo = count; best += turbo;\n'],
    ] as const;
    expect(problems(edit, defaultStyleLimits, old)).toEqual([]);
    expect(problems(edit, styleLimitsSchema.parse({ allowedWords: ['turbo'] }))).toEqual([]);
    const refused = styleLimitsSchema.parse({ refusedWords: ['Beam'] });
    expect(inRun('const int beamWidth = count; best += beamWidth;', refused)).toEqual([
      expect.stringContaining('refused by the settings'),
    ]);
  });
});

describe('style-dead', () => {
  it.each([
    ['a local variable', () => inRun('int unread;'), 'variable `unread`'],
    ['one that is only cast to void', () => inRun('int unread = count; (void)unread;'), 'variable `unread`'],
    ['a pointer', () => inRun('const int* unread = links;'), 'variable `unread`'],
    [
      'a parameter',
      () => inPrivate('  static int Half(int id, int depth) { return id / 2; }', 'best += Half(best, 0);'),
      'parameter `depth`',
    ],
    [
      'a parameter of a lambda',
      () => inRun('best += [](int id, int depth) { return id; }(best, 0);'),
      'parameter `depth`',
    ],
    ['a function', () => inPrivate('  int Spare() const { return ef_; }'), 'function `Spare`'],
    ['a member', () => inPrivate('  int spare_ = 0;'), 'variable `spare_`'],
    ['a type', () => inPrivate('  struct Spare { int id; };', 'links[0].id;'), 'type `Spare`'],
    [
      'a new parameter of an old function',
      () =>
        problems([['Run(const int* links, int count)', 'Run(const int* links, int count, int depth = 0)']]),
      'parameter `depth`',
    ],
  ])('refuses %s', (_, found, what) => {
    expect(found()).toEqual([expect.stringContaining(`the ${what} is never used`)]);
  });

  it.each([
    ['a guard', () => inRun('std::lock_guard<std::mutex> lock(mutex);')],
    ['an automatic guard', () => inRun('auto guard = Enter(best);')],
    ['one that is marked', () => inRun('[[maybe_unused]] int spare = count;')],
    [
      'a parameter without a name',
      () => inPrivate('  static int Half(int id, int) { return id / 2; }', 'best += Half(best, 0);'),
    ],
    [
      'one of an override',
      () => inPrivate('  int Half(int id, int depth) override { return id / 2; }', 'best += Half(best, 0);'),
    ],
    [
      'one of a declaration',
      () => inPrivate('  static int Half(int id, int depth);', 'best += Half(best, 0);'),
    ],
    [
      'one of a pointer to a function',
      () => inPrivate('  int (*half_)(int id, int depth) = nullptr;', 'best += half_(best, 0);'),
    ],
    [
      'one that only a branch of the preprocessor reads',
      () => inRun('int spare = count;\n#ifdef __AVX2__\nbest += spare;\n#endif'),
    ],
    [
      'one that an initialiser list reads',
      () => problems([['explicit Pool(int ef) : ef_(ef) {}', 'explicit Pool(int width) : ef_(width) {}']]),
    ],
    [
      'the parameter that was never used',
      () =>
        problems([
          ['int Run(const int* links, int count) {', 'inline int Run(const int* links, int count) {'],
        ]),
    ],
  ])('lets pass %s', (_, found) => {
    expect(found()).toEqual([]);
  });

  it('sees uses in other files', () => {
    const edit = [[' private:\n', '  int Width() const { return ef_; }\n\n private:\n']] as const;
    expect(problems(edit)).toEqual([expect.stringContaining('function `Width` is never used')]);
    expect(problems(edit, defaultStyleLimits, [['a.h', 'int Use(Pool& p) { return p.Width(); }\n']])).toEqual(
      [],
    );
  });
});

describe('style-public', () => {
  const member = (name: string): string => `  int ${name}() const { return ef_ + ${name}(); }\n`;
  const run = '  int Run(';

  it('refuses more public members than the limit, less those that went', () => {
    const three = member('One') + member('Two') + member('Three');
    expect(problems([[run, three + run]])).toEqual([
      expect.stringContaining('the public member `demo::Pool::One` is new; make it private'),
      expect.stringContaining('`demo::Pool::Two`'),
      expect.stringContaining('`demo::Pool::Three`'),
    ]);
    expect(problems([[run, member('One') + member('Two') + run]])).toEqual([]);
    expect(
      problems([
        [run, three + run],
        ['  void Push(int id) { ids_.push_back(id); }\n', ''],
      ]),
    ).toEqual([]);
    expect(problems([[' private:\n', ` private:\n${three}`]])).toEqual([]);
  });

  it('refuses names outside of classes, not those that are hidden', () => {
    const one = 'inline int First(int id) { return id ? First(0) : 1; }\n';
    const two = 'struct Second { Second* next; int step() { return next->step(); } };\n';
    const end = '}  // namespace demo';
    expect(problems([[end, one + two + end]])).toEqual([
      expect.stringContaining('the public name `demo::First`'),
      expect.stringContaining('the public name `demo::Second`'),
    ]);
    expect(problems([[end, one + end]])).toEqual([]);
    for (const space of ['namespace detail', 'namespace', 'namespace pool_internal']) {
      expect(problems([[end, `${space} {\n${one}${two}}\n${end}`]])).toEqual([]);
    }
    expect(problems([[end, `static ${one}static ${one.replaceAll('First', 'Other')}${end}`]])).toEqual([]);
  });

  it('refuses macros that stay defined', () => {
    const end = '}  // namespace demo';
    expect(problems([[end, `#define POOL_LIKELY(x) (x)\n${end}`]])).toEqual([
      expect.stringContaining('the macro `POOL_LIKELY` is new'),
    ]);
    expect(problems([[end, `#define POOL_LIKELY(x) (x)\n#undef POOL_LIKELY\n${end}`]])).toEqual([]);
  });

  it('leaves classes that hide nothing alone', () => {
    const members = ['y', 'z', 'n', 'm'].map((name) => `  int ${name} = ${name};\n`).join('');
    expect(problems([['  int x;\n', `  int x;\n${members}`]])).toEqual([]);
  });
});

describe('style-growth', () => {
  const grown = (lines: number, gain: number, comments = 0): ReturnType<typeof growthProblem> =>
    growthProblem({
      before: new Map([[file, saved]]),
      after: new Map([[file, saved + '// why\n\n'.repeat(comments) + 'int a;\n'.repeat(lines)]]),
      regions: [region],
      gain,
      limits: defaultStyleLimits,
    });

  it('weighs lines of code against the gain', () => {
    expect(grown(60, 0)).toBeUndefined();
    expect(grown(61, 0)).toMatchObject({ check: 'style-growth', file, line: 9 });
    expect(grown(61, -1)?.message).toContain('grows by 61 lines of code; a gain of 0.0 % is worth 60');
    expect(grown(99, Math.log(1.1))).toBeUndefined();
    expect(grown(101, Math.log(1.1))?.message).toContain('a gain of 10.0 % is worth');
    expect(grown(60, 0, 100)).toBeUndefined();
  });
});

describe('the gate', () => {
  it('finds nothing in code that stays, and looks at files of the module only', () => {
    const before = new Map([
      [file, saved],
      ['b.h', 'int b;\n'],
    ]);
    const after = new Map([
      [file, saved],
      ['b.h', 'int quantum = 99;\n'],
    ]);
    expect(styleProblems({ before, after, regions: [region], syntax, limits: defaultStyleLimits })).toEqual(
      [],
    );
  });

  it('does not fail on code that cannot be parsed', () => {
    expect(() => inRun('}}}) [[ { template < int = (( #define')).not.toThrow();
    expect(() => inRun(`best = ${'('.repeat(20_000)}1${')'.repeat(20_000)};`)).not.toThrow();
    expect(() => inRun('{'.repeat(20_000) + '}'.repeat(20_000))).not.toThrow();
  });
});
