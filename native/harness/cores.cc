#include "harness/cores.h"

#include <sched.h>

namespace annsmith::harness {
namespace {

// Machines may have more processors than the fixed-size set holds.
constexpr int kMostProcessors = 1 << 14;

}  // namespace

Cores ChooseCores() {
  Cores cores;
  cpu_set_t* set = CPU_ALLOC(kMostProcessors);
  const size_t size = CPU_ALLOC_SIZE(kMostProcessors);
  if (set != nullptr && sched_getaffinity(0, size, set) == 0) {
    for (int core = 0; core < kMostProcessors; ++core) {
      if (!CPU_ISSET_S(static_cast<size_t>(core), size, set)) continue;
      cores.allowed.push_back(core);
    }
  }
  CPU_FREE(set);
  if (cores.allowed.empty()) cores.allowed.push_back(0);
  cores.supervisor = cores.allowed.front();
  cores.search = cores.allowed.back();
  return cores;
}

bool PinTo(pid_t pid, const std::vector<int>& cores) {
  cpu_set_t* set = CPU_ALLOC(kMostProcessors);
  const size_t size = CPU_ALLOC_SIZE(kMostProcessors);
  if (set == nullptr) return false;
  CPU_ZERO_S(size, set);
  for (const int core : cores) CPU_SET_S(static_cast<size_t>(core), size, set);
  const bool held = sched_setaffinity(pid, size, set) == 0;
  CPU_FREE(set);
  return held;
}

}  // namespace annsmith::harness
