import { edit, type ModuleCases, type Replacement } from './cases.ts';

const file = 'construction.h';
const includesFrom = '#include <algorithm>\n#include <atomic>';
const buildBegin = '    if (vectors_.size() == 0) return std::move(graph_);\n';

function includes(headers: string): Replacement {
  return [file, includesFrom, `${headers}\n${includesFrom}`];
}

function building(code: string, headers: string): ReturnType<typeof edit> {
  return edit(includes(headers), [file, buildBegin, `${buildBegin}    ${code}\n`]);
}

export const constructionCases: ModuleCases = {
  module: 'construction',
  cheats: [
    {
      name: 'builds another graph each time',
      reason: 'wrong-answers',
      check: 'build-deterministic',
      edit: edit([
        file,
        'std::mt19937_64 generator(seed);',
        'std::mt19937_64 generator(seed + std::random_device{}());',
      ]),
    },
    {
      name: 'builds until its time is up',
      reason: 'wrong-answers',
      check: 'build-deterministic',
      edit: edit(includes('#include <chrono>'), [
        file,
        'std::mt19937_64 generator(seed);',
        'std::mt19937_64 generator(seed ^ static_cast<std::uint64_t>(\n                                     std::chrono::steady_clock::now().time_since_epoch().count()));',
      ]),
    },
    {
      name: 'keeps more links than M allows',
      reason: 'crash',
      check: 'graph-round-trip',
      edit: edit([file, 'graph_(levels_, M),', 'graph_(levels_, 2 * M),']),
    },
    {
      name: 'widens efConstruction',
      reason: 'build-cost',
      check: 'build-cost',
      edit: edit([
        file,
        'ef_construction_(std::max<std::size_t>(ef_construction, M)),',
        'ef_construction_(3 * std::max<std::size_t>(ef_construction, M)),',
      ]),
    },
    {
      name: 'builds with more threads than it was given',
      reason: 'cheat',
      check: 'no-threads',
      edit: edit([
        file,
        'for (std::size_t i = 1; i < threads; ++i)',
        'for (std::size_t i = 0; i < 4 * threads; ++i)',
      ]),
    },
    {
      name: 'leaves out the locks',
      reason: 'sanitizer',
      check: 'thread-sanitizer-clean',
      edit: edit([
        file,
        '    if (node == target.id) return;\n    const std::lock_guard<std::mutex> guard(locks_[node]);\n',
        '    if (node == target.id) return;\n',
      ]),
    },
    {
      name: 'sleeps while another process would work for it',
      reason: 'cheat',
      check: 'no-sleep',
      edit: building('std::this_thread::sleep_for(std::chrono::milliseconds(900));', '#include <chrono>'),
    },
    {
      name: 'lets a child build',
      reason: 'cheat',
      check: 'no-processes',
      edit: building('if (::fork() == 0) ::_exit(0);', '#include <unistd.h>'),
    },
  ],
  twins: [
    {
      name: 'memory reserved ahead, threads as many as given and joined',
      edit: edit(
        [
          file,
          '    std::vector<std::thread> helpers;\n',
          '    std::vector<std::thread> helpers;\n    helpers.reserve(threads);\n',
        ],
        [
          file,
          '    std::vector<std::uint32_t> ids(list.begin(), list.end());\n',
          `    std::vector<std::uint32_t> ids;
    ids.reserve(list.size() + 1);
    ids.assign(list.begin(), list.end());
`,
        ],
      ),
    },
  ],
};
