// Work in a static initialiser, before anybody has asked for an index.

#include <time.h>

#include "test/harness/libraries/brute_force.h"

namespace annsmith::test {
namespace {

const bool g_worked = [] {
  const clock_t until = clock() + 3 * CLOCKS_PER_SEC / 10;
  while (clock() < until) {
  }
  return true;
}();

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return g_worked ? new BruteForce(dim, metric, params) : nullptr;
}

}  // namespace annsmith::test
