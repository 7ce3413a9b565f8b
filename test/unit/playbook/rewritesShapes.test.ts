import { describe, expect, it } from 'vitest';
import { applyStep, exampleFiles } from './rewritesWorkspace.ts';

/** The example with one piece of text replaced; fails where the piece is not there. */
function withChange(file: string, from: string, to: string): ReadonlyMap<string, string> {
  const path = `include/hnsw/${file}`;
  const text = exampleFiles.get(path) ?? '';
  expect(text).toContain(from);
  return new Map([...exampleFiles, [path, text.replace(from, to)]]);
}

function search(result: ReturnType<typeof applyStep>, file: string): string {
  if (result.kind === 'declined') throw new Error(result.reason);
  return result.files.get(`include/hnsw/${file}`) ?? '';
}

describe('shapes of the neighbour loop', () => {
  const test = 'if (!visited_.Insert(id)) continue;\n';

  it('reads a guarded block as well as `continue`', () => {
    const files = withChange(
      'search.h',
      `${test}        const float d = distance(id);\n        if (d < pool_.worst()) pool_.Push({d, id});`,
      'if (visited_.Insert(id)) {\n          const float d = distance(id);\n          if (d < pool_.worst()) pool_.Push({d, id});\n        }',
    );
    const text = search(applyStep(['batched-neighbour-prefetch'], files), 'search.h');
    expect(text).toContain('if (visited_.Insert(id)) unvisited.push_back(id);');
    expect(text).toContain('prefetch_row(unvisited[i]);');
    expect(text).toContain('const float d = distance(id);');
  });

  it('drops the prefetch that the gathering replaces', () => {
    const text = search(applyStep(['batched-neighbour-prefetch']), 'search.h');
    expect(text.match(/__builtin_prefetch/g)).toHaveLength(1);
  });

  it.each([
    ['a break', test, `${test}        if (id == 7) break;\n`, /left early/],
    [
      'a use of the index',
      'pool_.Push({d, id});\n      }',
      'pool_.Push({d, neighbours[i]});\n      }',
      /needs the loop's `i`/,
    ],
    ['no visited test', test, '', /no loop over neighbours/],
    ['no distance call', 'const float d = distance(id);', 'const float d = 0;', /no call of a distance/],
  ])('declines a loop with %s', (_, from, to, reason) => {
    const result = applyStep(['batched-neighbour-prefetch'], withChange('search.h', from, to));
    expect(result).toMatchObject({ kind: 'declined', reason: expect.stringMatching(reason) });
  });

  it('declines a distance that does not show its memory', () => {
    const files = withChange(
      'distance.h',
      'const char* row(std::uint32_t id) const {',
      'const char* at(std::uint32_t id) const {',
    );
    const result = applyStep(['batched-neighbour-prefetch'], files);
    expect(result).toMatchObject({
      kind: 'declined',
      reason: expect.stringMatching(/no method `row\(id\)`/),
    });
  });
});

describe('shapes of the classes', () => {
  it.each([
    [
      'linear-candidate-pool',
      'search.h',
      'bool HasNext() const',
      'bool More() const',
      /no single method `hasnext`/,
    ],
    [
      'linear-candidate-pool',
      'search.h',
      '  bool full() const',
      '  void Trim() {}\n\n  bool full() const',
      /also has `Trim`/,
    ],
    [
      'linear-candidate-pool',
      'search.h',
      '  float distance;\n',
      '  float distance;\n  float weight;\n',
      /no single floating-point field/,
    ],
    ['bitset-visited', 'search.h', 'void Clear()', 'void Forget()', /no single method `clear`/],
    [
      'huge-pages',
      'storage.h',
      'std::aligned_alloc(kCacheLineBytes, rounded)',
      'std::malloc(rounded)',
      /aligned_alloc/,
    ],
    [
      'descent-prefetch',
      'refinement.h',
      'for (const std::uint32_t id : links.neighbours(nearest.id, level)) {',
      'while (false) {\n      const std::uint32_t id = 0;',
      /no loop such as/,
    ],
    [
      'int8-preliminary-search',
      'refinement.h',
      'std::size_t RerankCount(',
      'std::size_t HowMany(',
      /lacks one of the methods/,
    ],
    ['int8-preliminary-search', 'distance.h', 'kEuclidean,', 'kPlain,', /tells the Euclidean metric/],
  ])('%s declines %s where `%s` is not as expected', (id, file, from, to, reason) => {
    const result = applyStep([id], withChange(file, from, to));
    expect(result).toMatchObject({ kind: 'declined', reason: expect.stringMatching(reason) });
  });

  it('follows the names in use', () => {
    const path = 'include/hnsw/search.h';
    const renamed = (exampleFiles.get(path) ?? '')
      .replaceAll('HasNext', 'has_next')
      .replaceAll('Push', 'push');
    const text = search(
      applyStep(['linear-candidate-pool'], new Map([...exampleFiles, [path, renamed]])),
      'search.h',
    );
    expect(text).toContain('bool has_next() const { return next_ < found_.size(); }');
    expect(text).not.toContain('push_heap(found_');
  });
});
