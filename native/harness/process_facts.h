#ifndef ANNSMITH_HARNESS_PROCESS_FACTS_H_
#define ANNSMITH_HARNESS_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace annsmith::harness {

// What the kernel says about another process; zeros for one that is gone.

struct MemoryFacts {
  uint64_t rss_bytes = 0;
  uint64_t peak_rss_bytes = 0;
  uint64_t huge_page_bytes = 0;
};
MemoryFacts ReadMemoryFacts(pid_t pid);

// Resident memory that no file backs: cheap to read, and what a memory limit is compared with.
uint64_t AnonymousBytes(pid_t pid);
// What of it was put into swap, which a process may ask for.
uint64_t SwappedBytes(pid_t pid);
// Address space that files of a folder back, or backed before they were removed.
uint64_t MappedBytes(pid_t pid, const std::string& folder);
uint64_t HugePageBytes(pid_t pid);
unsigned ThreadCount(pid_t pid);
// CPU time of all its threads so far.
double CpuSeconds(pid_t pid);
// What its first thread has run, and how long it has waited for a core although it could run.
struct RunFacts {
  double run_seconds = 0;
  double wait_seconds = 0;
};
RunFacts ReadRunFacts(pid_t pid);
// Every process of a process group.
std::vector<pid_t> ProcessesOfGroup(pid_t group);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_PROCESS_FACTS_H_
