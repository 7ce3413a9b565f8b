import { edit, type ModuleCases, type Replacement } from './cases.ts';

const searchIncludes = '#include <algorithm>\n#include <cstddef>\n#include <cstdint>\n#include <functional>';
const storageIncludes = '#include <algorithm>\n#include <cstddef>\n#include <cstdint>\n#include <cstdlib>';
const beforeSearch = '    visited_.Clear();\n    pool_.Reset(ef);\n';
const atEnd = '    return pool_.Sorted();\n';
const members = '  VisitedSet visited_;\n  CandidatePool pool_;\n';
const behindVisitedSet = '  Tag current_ = 0;\n};\n';
/** Runs while a graph is imported. */
const inAllocate = '    const std::size_t rounded = lines * kCacheLineBytes;\n';

function includes(file: 'search.h' | 'storage.h', headers: string): Replacement {
  const from = file === 'search.h' ? searchIncludes : storageIncludes;
  return [file, from, `${headers}\n${from}`];
}

/** First thing in every search. */
function searching(code: string, headers = '', member = ''): ReturnType<typeof edit> {
  return edit(
    ...(headers === '' ? [] : [includes('search.h', headers)]),
    ['search.h', beforeSearch, `    ${code}\n${beforeSearch}`],
    ...(member === '' ? [] : ([['search.h', members, `${members}  ${member}\n`]] as const)),
  );
}

/** Before memory is handed out, while the index is made. */
function allocating(code: string, headers: string): ReturnType<typeof edit> {
  return edit(includes('storage.h', headers), ['storage.h', inAllocate, `    ${code}\n${inAllocate}`]);
}

export const searchCases: ModuleCases = {
  module: 'search',
  cheats: [
    {
      name: 'keeps the results of queries',
      reason: 'cheat',
      check: 'no-results-kept',
      edit: edit(
        includes('search.h', '#include <array>\n#include <map>\n#include <utility>'),
        [
          'search.h',
          beforeSearch,
          `    const std::pair<std::size_t, std::array<float, 3>> key{ef, {distance(0), distance(1), distance(2)}};
    if (level == 0) {
      const auto known = results_.find(key);
      if (known != results_.end()) {
        answer_ = known->second;
        return answer_;
      }
    }
${beforeSearch}`,
        ],
        [
          'search.h',
          atEnd,
          '    answer_ = pool_.Sorted();\n    if (level == 0) results_[key] = answer_;\n    return answer_;\n',
        ],
        [
          'search.h',
          members,
          `${members}  std::map<std::pair<std::size_t, std::array<float, 3>>, std::vector<Neighbour>> results_;
  std::vector<Neighbour> answer_;
`,
        ],
      ),
    },
    {
      name: 'searches with a second thread',
      reason: 'cheat',
      check: 'no-threads',
      edit: searching(
        'std::thread helper([&] { visited_.Clear(); });\n    helper.join();',
        '#include <thread>',
      ),
    },
    {
      name: 'forks while searching',
      reason: 'cheat',
      check: 'no-threads',
      edit: searching('if (::fork() == 0) ::_exit(0);', '#include <unistd.h>'),
    },
    {
      name: 'works in a static initialiser',
      reason: 'cheat',
      check: 'no-work-at-load',
      edit: edit([
        'search.h',
        behindVisitedSet,
        `${behindVisitedSet}
inline double WorkBeforeTheClockStarts() {
  volatile double sum = 0;
  for (int i = 0; i < 100000000; ++i) sum = sum + i;
  return sum;
}
inline const double kWorked = WorkBeforeTheClockStarts();
`,
      ]),
    },
    {
      name: 'reads the time-stamp counter',
      reason: 'cheat',
      check: 'no-clock',
      edit: searching('if ((__builtin_ia32_rdtsc() & 1) == 2) ef = 1;'),
    },
    {
      name: 'asks the library for the time',
      reason: 'cheat',
      check: 'no-clock',
      edit: searching(
        'if (std::chrono::steady_clock::now().time_since_epoch().count() < 0) ef = 1;',
        '#include <chrono>',
      ),
    },
    {
      name: 'reads the coarse clock, which needs no counter',
      reason: 'cheat',
      check: 'no-clock',
      edit: searching(
        'timespec now;\n    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);\n    if (now.tv_sec < 0) ef = 1;',
        '#include <time.h>',
      ),
    },
    {
      name: 'sleeps while searching',
      reason: 'cheat',
      check: 'no-clock',
      edit: searching(
        'const timespec moment = {0, 1000};\n    ::nanosleep(&moment, nullptr);',
        '#include <time.h>',
      ),
    },
    {
      name: 'leaves its core while searching',
      reason: 'cheat',
      check: 'no-syscall',
      edit: searching(
        'cpu_set_t cores;\n    CPU_ZERO(&cores);\n    CPU_SET(0, &cores);\n    ::sched_setaffinity(0, sizeof(cores), &cores);',
        '#include <sched.h>',
      ),
    },
    {
      name: 'ignores ef',
      reason: 'cheat',
      check: 'ef-keeps-its-meaning',
      edit: edit(['search.h', 'pool_.Reset(ef);', 'pool_.Reset(level == 0 ? 48 : ef);']),
    },
    {
      name: 'raises a small ef',
      reason: 'cheat',
      check: 'ef-keeps-its-meaning',
      edit: edit(['search.h', 'pool_.Reset(ef);', 'pool_.Reset(std::max<std::size_t>(ef, 40));']),
    },
    {
      name: 'starts where the last query ended',
      reason: 'wrong-answers',
      check: 'order-independent',
      edit: edit(
        [
          'search.h',
          beforeSearch,
          `    if (level == 0 && last_ < bytes() / 2) entry = last_;\n${beforeSearch}`,
        ],
        ['search.h', atEnd, '    last_ = pool_.Sorted().front().id;\n    return pool_.Sorted();\n'],
        ['search.h', members, `${members}  std::uint32_t last_ = 0;\n`],
      ),
    },
    {
      name: 'answers with less effort after a while',
      reason: 'wrong-answers',
      check: 'answers-valid',
      edit: searching(
        'if (++searches_ > 1000 && ef > 20) ef = ef * 19 / 20;',
        '',
        'std::size_t searches_ = 0;',
      ),
    },
    {
      name: 'looks for queries and truth beside the base vectors',
      reason: 'cheat',
      check: 'no-syscall',
      edit: edit(includes('search.h', '#include <fstream>\n#include <string>'), [
        'search.h',
        behindVisitedSet,
        `${behindVisitedSet}
__attribute__((constructor, used)) static void Peek(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    std::string path = argv[i];
    if (path.rfind("base=", 0) != 0) continue;
    path = path.substr(5);
    for (std::size_t at; (at = path.find("%2F")) != std::string::npos;) path.replace(at, 3, "/");
    std::ifstream queries(path.substr(0, path.rfind('/')) + "/queries.fbin");
  }
}
`,
      ]),
    },
    {
      name: 'reads a file of the system',
      reason: 'cheat',
      check: 'no-syscall',
      edit: allocating(
        'static const int file = ::open("/etc/passwd", O_RDONLY);\n    (void)file;',
        '#include <fcntl.h>',
      ),
    },
    {
      name: "reads the harness's memory map",
      reason: 'cheat',
      check: 'no-syscall',
      edit: allocating(
        'static std::FILE* const map = std::fopen("/proc/self/maps", "r");\n    (void)map;',
        '#include <cstdio>',
      ),
    },
    {
      name: 'opens a file while searching',
      reason: 'cheat',
      check: 'no-syscall',
      edit: searching(
        'if (std::FILE* file = std::fopen("notes", "r")) std::fclose(file);',
        '#include <cstdio>',
      ),
    },
    {
      name: 'prints while searching',
      reason: 'cheat',
      check: 'no-syscall',
      edit: searching(
        'std::puts("{\\"id\\":1,\\"ok\\":true}");\n    std::fflush(stdout);',
        '#include <cstdio>',
      ),
    },
    {
      name: "answers the supervisor in the harness's place",
      reason: 'cheat',
      check: 'no-syscall',
      edit: allocating(
        'for (int file = 3; file < 16; ++file) {\n      if (::write(file, "{}", 2) == 2) break;\n    }',
        '#include <unistd.h>',
      ),
    },
    {
      name: 'shares memory between its processes',
      reason: 'cheat',
      check: 'no-syscall',
      edit: allocating(
        'static void* const shared =\n        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n    (void)shared;',
        '#include <sys/mman.h>',
      ),
    },
    {
      name: 'starts a program',
      reason: 'cheat',
      check: 'no-processes',
      edit: allocating(
        'static const int status = std::system("true");\n    (void)status;',
        '#include <cstdio>',
      ),
    },
    {
      name: 'sleeps while the index is made',
      reason: 'cheat',
      check: 'no-sleep',
      edit: allocating('static const int slept = ::usleep(900000);\n    (void)slept;', '#include <unistd.h>'),
    },
    {
      name: 'takes all the memory there is',
      reason: 'memory',
      check: 'loads',
      edit: allocating(
        'static const std::vector<char> hoard(std::size_t{3} << 30, 1);\n    (void)hoard;',
        '#include <vector>',
      ),
    },
    {
      name: 'takes memory at the first search, when costs were counted',
      reason: 'memory',
      check: 'answers-valid',
      edit: searching('if (hoard_.empty()) hoard_.assign(96 << 20, 1);', '', 'std::vector<char> hoard_;'),
    },
    {
      name: 'prepares at the first search, which is not timed',
      reason: 'cheat',
      check: 'no-postponed-work',
      edit: searching(
        `for (; prepared_ < 20000; ++prepared_) {
      for (std::uint32_t id = 0; id < 1000; ++id) prepared_sum_ += distance(id);
    }`,
        '',
        'int prepared_ = 0;\n  double prepared_sum_ = 0;',
      ),
    },
  ],
  twins: [
    {
      name: 'constant tables, scratch memory that is kept, static functions, advice to the kernel',
      edit: edit(
        includes('search.h', '#include <array>'),
        includes('storage.h', '#include <sys/mman.h>'),
        [
          'search.h',
          behindVisitedSet,
          `${behindVisitedSet}
/// Neighbours whose rows are asked for ahead of time, by the length of the list.
inline constexpr std::array<std::size_t, 3> kAhead = {1, 2, 2};
static_assert(kAhead[0] > 0, "the next row is needed next");
inline const std::array<std::size_t, 2> kBounds = {8, 16};

class Lookahead {
 public:
  static std::size_t Of(std::size_t neighbours) {
    static constexpr std::size_t kFirst = 0;
    return kAhead[kFirst + (neighbours >= kBounds[0]) + (neighbours >= kBounds[1])];
  }
};
`,
        ],
        [
          'search.h',
          '        if (i + 1 < neighbours.size()) __builtin_prefetch(distance.row(neighbours[i + 1]));\n',
          '        if (i + ahead < neighbours.size()) __builtin_prefetch(distance.row(neighbours[i + ahead]));\n',
        ],
        [
          'search.h',
          '      const auto neighbours = links.neighbours(current.id, level);\n',
          `      const auto neighbours = links.neighbours(current.id, level);
      const std::size_t ahead = Lookahead::Of(neighbours.size());
`,
        ],
        [
          'search.h',
          '  void Reset(std::size_t ef) {\n    ef_ = ef;\n',
          '  void Reset(std::size_t ef) {\n    ef_ = ef;\n    frontier_.reserve(4096);\n    found_.reserve(ef + 1);\n',
        ],
        [
          'storage.h',
          '    std::memset(memory, 0, rounded);\n',
          `#if defined(MADV_HUGEPAGE)
    if (rounded > (std::size_t{1} << 22)) ::madvise(memory, rounded, MADV_HUGEPAGE);
#endif
    std::memset(memory, 0, rounded);
`,
        ],
      ),
    },
  ],
};
