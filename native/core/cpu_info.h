#ifndef ANNSMITH_CORE_CPU_INFO_H_
#define ANNSMITH_CORE_CPU_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace annsmith {

struct CpuInfo {
  std::string model;
  // Logical processors that this process may run on (its affinity mask where the system has one).
  unsigned cores = 1;
  // Instruction sets usable here, as the kernel spells them without underscores: avx2, fma,
  // avx512f, avx512bw, avx512vl, avx512vnni; neon, dotprod, fp16, sve, i8mm.
  std::vector<std::string> isa;
  // Last-level cache in bytes; 0 where the system does not tell.
  uint64_t llc_bytes = 0;
};

// Asks the system anew at every call. Thread-safe.
CpuInfo ReadCpuInfo();

}  // namespace annsmith

#endif  // ANNSMITH_CORE_CPU_INFO_H_
