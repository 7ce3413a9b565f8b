#ifndef ANNSMITH_HARNESS_FAULT_IN_H_
#define ANNSMITH_HARNESS_FAULT_IN_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace annsmith::harness {

// Reads memory in, so that first touches of it do not fault, or wait for a disk, while something is
// timed. A fork does not copy the page tables of file mappings.
inline void FaultIn(const void* memory, size_t bytes) {
  constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ, Linux 5.14
  constexpr uintptr_t kPage = 4096;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(memory) & ~(kPage - 1);
  const uintptr_t end = reinterpret_cast<uintptr_t>(memory) + bytes;
  if (madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateRead) == 0) return;
  const auto* from = static_cast<const volatile uint8_t*>(memory);
  for (size_t i = 0; i < bytes; i += kPage) (void)from[i];
}

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_FAULT_IN_H_
