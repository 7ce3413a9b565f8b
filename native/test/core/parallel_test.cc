#include "core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace annsmith {
namespace {

TEST(ParallelFor, DoesEveryItemOnce) {
  std::vector<std::atomic<int>> counts(1000);
  ParallelFor(4, counts.size(), [&](size_t item, unsigned worker) {
    EXPECT_LT(worker, 4u);
    ++counts[item];
  });
  for (const auto& count : counts) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, TakesNoItemsAndNoThreads) {
  ParallelFor(4, 0, [](size_t, unsigned) { FAIL(); });
  int calls = 0;
  ParallelFor(0, 3, [&](size_t, unsigned) { ++calls; });
  EXPECT_EQ(calls, 3);
}

TEST(ParallelFor, RethrowsAndSkipsTheRest) {
  std::atomic<int> calls{0};
  EXPECT_THROW(ParallelFor(1, 1000,
                           [&](size_t item, unsigned) {
                             ++calls;
                             if (item == 2) throw std::runtime_error("two");
                           }),
               std::runtime_error);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace annsmith
