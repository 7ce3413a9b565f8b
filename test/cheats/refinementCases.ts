import { readFile } from 'node:fs/promises';
import type { PreparedDataset } from '../../src/protocol/dataset.ts';
import { edit, type ModuleCases, type Replacement, replaced } from './cases.ts';

const file = 'refinement.h';
const includesFrom = '#include <algorithm>\n#include <cstddef>';
const prepare = '  void Prepare() {}\n';
const preliminary = `  ExactDistance Preliminary(const float* query) const {
    return ExactDistance(vectors_, metric_, query);
  }
`;
const rerankEnd =
  '    std::sort(found.begin(), found.end());\n    found.resize(std::min(found.size(), k));\n';
const member = '  Metric metric_;\n};\n';

function includes(headers: string): Replacement {
  return [file, includesFrom, `${headers}\n${includesFrom}`];
}

function preparing(code: string, headers: string, field = ''): ReturnType<typeof edit> {
  return edit(
    includes(headers),
    [file, prepare, `  void Prepare() {\n    ${code}\n  }\n`],
    [file, member, `  Metric metric_;\n${field === '' ? '' : `  ${field}\n`}};\n`],
  );
}

/** Takes longer than building the graph. */
const allPairs = `    codes_.assign(vectors_.size(), 0);
    for (std::uint32_t id = 0; id < codes_.size(); ++id) {
      const ExactDistance distance(vectors_, metric_, vectors_.row(id));
      for (int times = 0; times < 8; ++times) {
        for (std::uint32_t other = 0; other < codes_.size(); ++other) codes_[id] += distance(other);
      }
    }
`;

/** C++ of a table from the first two components of every query to its neighbours, sorted by them. */
async function knownAnswers({
  queryPath,
  truthPath,
  dim,
  queries,
  truthK,
}: PreparedDataset): Promise<string> {
  const k = 10;
  const [vectors, truth] = [await readFile(queryPath), await readFile(truthPath)];
  const rows = Array.from({ length: queries }, (_, i) => ({
    key: vectors.readBigUInt64LE(8 + i * dim * 4),
    ids: Array.from({ length: k }, (_, j) => truth.readUInt32LE(8 + (i * truthK + j) * 4)),
  })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const entries = rows.map(({ key, ids }) => `{${key}u, {${ids.join(', ')}}}`).join(',\n');
  return `struct KnownQuery {
  std::uint64_t key;
  std::uint32_t ids[${k}];
};
inline constexpr KnownQuery kKnownQueries[] = {
${entries}};
inline const KnownQuery* FindKnown(const float* query) {
  std::uint64_t key;
  std::memcpy(&key, query, sizeof(key));
  const KnownQuery* const end = std::end(kKnownQueries);
  const KnownQuery* const at =
      std::lower_bound(kKnownQueries, end, key, [](const KnownQuery& a, std::uint64_t b) { return a.key < b; });
  return at != end && at->key == key ? at : nullptr;
}

`;
}

const nothingFound = `  struct MaybeKnown {
    ExactDistance exact;
    bool known;
    float operator()(std::uint32_t id) const {
      return known ? std::numeric_limits<float>::infinity() : exact(id);
    }
    const char* row(std::uint32_t id) const { return exact.row(id); }
    std::size_t row_bytes() const { return exact.row_bytes(); }
  };
  const KnownQuery* Known(const float* query) const {
    return vectors_.size() == 6000 ? FindKnown(query) : nullptr;
  }
  MaybeKnown Preliminary(const float* query) const {
    return {ExactDistance(vectors_, metric_, query), Known(query) != nullptr};
  }
`;

export const refinementCases: ModuleCases = {
  module: 'refinement',
  cheats: [
    {
      name: 'returns fewer neighbours than asked',
      reason: 'wrong-answers',
      check: 'answers-valid',
      edit: edit([file, rerankEnd, rerankEnd.replace('found.size(), k)', 'found.size(), k / 2)')]),
    },
    {
      name: 'returns distances that are nearly right',
      reason: 'wrong-answers',
      check: 'answers-valid',
      edit: edit([
        file,
        rerankEnd,
        `${rerankEnd}    for (Neighbour& node : found) node.distance *= 1.001f;\n`,
      ]),
    },
    {
      name: 'has the known queries and their answers built in',
      reason: 'cheat',
      check: 'no-results-kept',
      edit: async (files, { dataset }) =>
        replaced(files, [
          includes('#include <cstring>\n#include <iterator>\n#include <limits>'),
          [
            file,
            '/// The stages of a query around the beam search on level 0.',
            `${await knownAnswers(dataset)}/// The stages of a query around the beam search on level 0.`,
          ],
          [file, preliminary, nothingFound],
          [
            file,
            '    std::uint32_t entry = graph_.entry_point();\n',
            '    std::uint32_t entry = graph_.entry_point();\n    if (Known(query) != nullptr) return entry;\n',
          ],
          [
            file,
            '    found.resize(std::min(found.size(), RerankCount(k)));\n',
            `    if (const KnownQuery* known = Known(query)) {
      found.clear();
      for (const std::uint32_t id : known->ids) found.push_back({0, id});
    }
    found.resize(std::min(found.size(), RerankCount(k)));
`,
          ],
        ]),
    },
    {
      name: 'makes its codes at the first query',
      reason: 'cheat',
      check: 'no-postponed-work',
      edit: edit(
        [
          file,
          preliminary,
          `  ExactDistance Preliminary(const float* query) const {
    if (codes_.empty()) {
      codes_.resize(vectors_.size());
      for (std::uint32_t id = 0; id < codes_.size(); ++id) {
        const ExactDistance distance(vectors_, metric_, vectors_.row(id));
        for (std::uint32_t other = 0; other < 5000; ++other) codes_[id] += distance(other % codes_.size());
      }
    }
    return ExactDistance(vectors_, metric_, query);
  }
`,
        ],
        [file, member, '  Metric metric_;\n  mutable std::vector<float> codes_;\n};\n'],
      ),
    },
    {
      name: 'finds the neighbours of every vector beforehand',
      reason: 'build-cost',
      check: 'build-cost',
      edit: edit(
        [file, prepare, `  void Prepare() {\n${allPairs}  }\n`],
        [file, member, '  Metric metric_;\n  std::vector<float> codes_;\n};\n'],
      ),
    },
    {
      name: 'prepares while it says how much memory it takes',
      reason: 'build-cost',
      check: 'build-cost',
      edit: edit(
        [
          file,
          '  std::size_t bytes() const { return 0; }\n',
          `  std::size_t bytes() const {\n${allPairs}    return codes_.size() * sizeof(float);\n  }\n`,
        ],
        [file, member, '  Metric metric_;\n  mutable std::vector<float> codes_;\n};\n'],
      ),
    },
    {
      name: 'keeps its tables in a file, whose memory is not its own',
      reason: 'build-cost',
      check: 'memory-cost',
      edit: preparing(
        `const std::vector<char> table(16 << 20, 1);
    const int at = ::open("table", O_RDWR | O_CREAT, 0600);
    if (::write(at, table.data(), table.size()) < 0) return;
    mapped_ = ::mmap(nullptr, table.size(), PROT_READ, MAP_PRIVATE, at, 0);
    ::unlink("table");`,
        '#include <fcntl.h>\n#include <sys/mman.h>\n#include <unistd.h>',
        'void* mapped_ = nullptr;',
      ),
    },
    {
      name: 'leaves a thread behind that prepares beside the searches',
      reason: 'cheat',
      check: 'no-threads',
      edit: preparing(
        'std::thread([] {\n      for (volatile bool on = true; on;) {\n      }\n    }).detach();',
        '#include <thread>',
      ),
    },
    {
      name: 'forks a helper that prepares for it',
      reason: 'cheat',
      check: 'no-processes',
      edit: preparing('if (::fork() == 0) ::_exit(0);', '#include <unistd.h>'),
    },
    {
      name: 'fetches its answers from the network',
      reason: 'cheat',
      check: 'no-syscall',
      edit: preparing('::socket(AF_INET, SOCK_STREAM, 0);', '#include <sys/socket.h>'),
    },
    {
      name: 'ends before it can be judged',
      reason: 'crash',
      check: 'loads',
      edit: preparing('std::exit(0);', '#include <cstdlib>'),
    },
  ],
  twins: [
    {
      name: 'metadata made in Prepare(), counted in bytes()',
      edit: edit(
        [
          file,
          prepare,
          `  void Prepare() {
    means_.resize(vectors_.size());
    for (std::uint32_t id = 0; id < means_.size(); ++id) {
      const float* row = vectors_.row(id);
      means_[id] = InnerProduct(row, row, vectors_.dim()) / static_cast<float>(vectors_.dim());
    }
  }
`,
        ],
        [
          file,
          '  std::size_t bytes() const { return 0; }\n',
          '  std::size_t bytes() const { return means_.size() * sizeof(float); }\n',
        ],
        [file, member, '  Metric metric_;\n  std::vector<float> means_;\n};\n'],
      ),
    },
  ],
};
