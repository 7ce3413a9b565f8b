#include "core/cpu_info.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/exact_knn.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace annsmith {
namespace {

TEST(CpuInfo, NamesTheInstructionSetsThatTheKernelsUse) {
  const CpuInfo info = ReadCpuInfo();
  EXPECT_FALSE(info.model.empty());
  const auto has = [&](const std::string& name) {
    return std::find(info.isa.begin(), info.isa.end(), name) != info.isa.end();
  };
  for (const KernelSet* set : AvailableKernels()) {
    const std::string name = set->name;
    if (name == "avx512") {
      EXPECT_TRUE(has("avx512f"));
    }
    if (name == "avx2") {
      EXPECT_TRUE(has("avx2") && has("fma"));
    }
    if (name == "neon") {
      EXPECT_TRUE(has("neon"));
    }
  }
}

#if defined(__linux__)
TEST(CpuInfo, CountsTheCoresThatAreAllowed) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_EQ(ReadCpuInfo().cores, static_cast<unsigned>(CPU_COUNT(&before)));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(ReadCpuInfo().cores, 1u);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}
#endif

}  // namespace
}  // namespace annsmith
