import { describe, expect, it } from 'vitest';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';

const source = `#pragma once
#include <vector>
namespace ann::graph {
class Forward;
// The index.
template <typename T>
class Index : public Base {
 public:
  explicit Index(int x) : x_(x) {}
  ~Index() { x_ = 0; }
  template <class U>
  U* get(const U& u) const { return nullptr; }
  int operator()(int a, int b) const { return a + b; }
  operator bool() const { return true; }
  int declared(int a = 3) const;
  Index(const Index&) = delete;
  float (*fn_)(int);
  int x_ = 3;
  std::vector<int> v_, w_;
};
template <typename T>
int Index<T>::declared(int a) const { return 2; }
template <>
class Index<int> { int y_; };
float* overloaded(int a) { return nullptr; }
float* overloaded(const std::vector<int> &b, float *) { return nullptr; }
struct Plain { int q; };
enum class Metric { kA };
using Id = unsigned;
constexpr int kLimit = 4;
namespace { int hidden() { return 1; } }
}  // namespace ann::graph
extern "C" int exported(void) { int local = 0; return local; }
`;

const syntax = await createCppSyntax();
const tree = syntax.parse(source);
const texts = (symbol: string): string[] => syntax.find(tree, symbol).map((node) => node.text);

describe('createCppSyntax', () => {
  it.each([
    ['ann::graph::Index::get', 'template <class U>\n  U* get'],
    ['Index::get', 'template <class U>\n  U* get'],
    ['get', 'template <class U>\n  U* get'],
    ['Index::Index', 'explicit Index(int x)'],
    ['Index::~Index', '~Index()'],
    ['Index::operator()', 'int operator()(int a, int b)'],
    ['Index::operator()(int, int)', 'int operator()(int a, int b)'],
    ['Index::declared', 'template <typename T>\nint Index<T>::declared'],
    ['Index<T>::declared', 'template <typename T>\nint Index<T>::declared'],
    ['Index<int>', 'template <>\nclass Index<int>'],
    ['overloaded(int)', 'float* overloaded(int a)'],
    ['overloaded(const std::vector<int>&, float*)', 'float* overloaded(const std::vector<int> &b'],
    ['Plain', 'struct Plain'],
    ['Plain::q', 'int q;'],
    ['Metric', 'enum class Metric'],
    ['Id', 'using Id'],
    ['kLimit', 'constexpr int kLimit'],
    ['Index::fn_', 'float (*fn_)(int)'],
    ['Index::w_', 'std::vector<int> v_, w_;'],
    ['graph::hidden', 'int hidden()'],
    ['exported()', 'int exported(void)'],
    ['exported', 'int exported(void)'],
  ])('finds %s', (symbol, beginning) => {
    const found = texts(symbol);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(beginning), found[0]).toBe(true);
  });

  it('returns every match of an ambiguous symbol, in file order', () => {
    expect(texts('overloaded')).toHaveLength(2);
    expect(texts('Index').map((text) => text.split('\n')[0])).toEqual([
      'template <typename T>',
      'template <>',
    ]);
  });

  it.each(['missing', 'raph::Index', 'Forward', 'local', 'Index::missing', '', '::', 'overloaded(double)'])(
    'finds nothing for %j',
    (symbol) => {
      expect(texts(symbol)).toEqual([]);
    },
  );

  it('gives UTF-16 offsets', () => {
    const text = '// é😀\nint f() { return 1; }\n';
    const node = syntax.find(syntax.parse(text), 'f')[0];
    expect(text.slice(node?.startIndex, node?.endIndex)).toBe('int f() { return 1; }');
  });
});
