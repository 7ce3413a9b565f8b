#include "core/cpu_info.h"

#include <cstdlib>
#include <fstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace annsmith {
namespace {

#if defined(__linux__)

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string Model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 10, "model name") != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

unsigned AllowedCores() {
  // Machines may have more processors than the fixed-size set holds: grow until the kernel accepts.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t* set = CPU_ALLOC(processors);
    if (set == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(processors);
    const bool known = sched_getaffinity(0, size, set) == 0;
    const int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return static_cast<unsigned>(count);
  }
  return std::thread::hardware_concurrency();
}

uint64_t LastLevelCacheBytes() {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index";
  uint64_t bytes = 0;
  long deepest = 0;
  for (int index = 0;; ++index) {
    const std::string entry = folder + std::to_string(index);
    const std::string size = ReadLine(entry + "/size");
    if (size.empty()) break;
    const long level = std::strtol(ReadLine(entry + "/level").c_str(), nullptr, 10);
    if (level < deepest) continue;
    deepest = level;
    char* unit = nullptr;
    bytes = std::strtoull(size.c_str(), &unit, 10);
    if (*unit == 'K') bytes <<= 10;
    if (*unit == 'M') bytes <<= 20;
  }
#if defined(_SC_LEVEL3_CACHE_SIZE)
  if (bytes == 0) {
    const long known = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (known > 0) bytes = static_cast<uint64_t>(known);
  }
#endif
  return bytes;
}

#elif defined(__APPLE__)

std::string Model() {
  char text[256] = {};
  size_t size = sizeof(text) - 1;
  if (sysctlbyname("machdep.cpu.brand_string", text, &size, nullptr, 0) != 0) return "unknown";
  return text;
}

unsigned AllowedCores() { return std::thread::hardware_concurrency(); }

uint64_t LastLevelCacheBytes() {
  for (const char* name : {"hw.l3cachesize", "hw.perflevel0.l2cachesize", "hw.l2cachesize"}) {
    uint64_t bytes = 0;
    size_t size = sizeof(bytes);
    if (sysctlbyname(name, &bytes, &size, nullptr, 0) == 0 && bytes > 0) return bytes;
  }
  return 0;
}

#else

std::string Model() { return "unknown"; }
unsigned AllowedCores() { return std::thread::hardware_concurrency(); }
uint64_t LastLevelCacheBytes() { return 0; }

#endif

std::vector<std::string> InstructionSets() {
  std::vector<std::string> names;
#if defined(__x86_64__)
  // The builtin takes literals only, hence no loop. It includes the check that the system saves the
  // registers.
  if (__builtin_cpu_supports("avx2")) names.push_back("avx2");
  if (__builtin_cpu_supports("fma")) names.push_back("fma");
  if (__builtin_cpu_supports("avx512f")) names.push_back("avx512f");
  if (__builtin_cpu_supports("avx512bw")) names.push_back("avx512bw");
  if (__builtin_cpu_supports("avx512vl")) names.push_back("avx512vl");
  if (__builtin_cpu_supports("avx512vnni")) names.push_back("avx512vnni");
#elif defined(__aarch64__)
  names.push_back("neon");
#if defined(__linux__)
  const unsigned long have = getauxval(AT_HWCAP);
  const unsigned long have2 = getauxval(AT_HWCAP2);
  if (have & HWCAP_ASIMDDP) names.push_back("dotprod");
  if (have & HWCAP_ASIMDHP) names.push_back("fp16");
  if (have & HWCAP_SVE) names.push_back("sve");
#if defined(HWCAP2_I8MM)
  if (have2 & HWCAP2_I8MM) names.push_back("i8mm");
#else
  (void)have2;
#endif
#endif
#endif
  return names;
}

}  // namespace

CpuInfo ReadCpuInfo() {
  CpuInfo info;
  info.model = Model();
  const unsigned cores = AllowedCores();
  info.cores = cores > 0 ? cores : 1;
  info.isa = InstructionSets();
  info.llc_bytes = LastLevelCacheBytes();
  return info;
}

}  // namespace annsmith
