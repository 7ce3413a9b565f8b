#include "test/harness/libraries/brute_force.h"

namespace annsmith::test {

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new BruteForce(dim, metric, params);
}

}  // namespace annsmith::test
