#ifndef ANNSMITH_HARNESS_SEARCH_LOOP_H_
#define ANNSMITH_HARNESS_SEARCH_LOOP_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "harness/fault_handler.h"
#include "harness/index_library.h"
#include "harness/shared_area.h"

namespace annsmith::harness {

struct SearchContext {
  const IndexLibrary* library;
  annsmith_index* index;
  const SharedArea* area;
  uint32_t dim;
  const void* base;  // the mapped base file, faulted in before the first query
  size_t base_bytes;
  pid_t supervisor;
  bool deny_clock;
  bool deny_calls;
  const std::vector<AddressRange>* clock_pages;
};

// The life of a search process: waits for hand-overs and answers them until it is killed.
[[noreturn]] void RunSearchLoop(const SearchContext& context);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SEARCH_LOOP_H_
