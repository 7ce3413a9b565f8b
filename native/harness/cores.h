#ifndef ANNSMITH_HARNESS_CORES_H_
#define ANNSMITH_HARNESS_CORES_H_

#include <sys/types.h>

#include <vector>

namespace annsmith::harness {

// The supervisor runs on the first core that this process may use, searches on the last; the same
// one where there is only one.
struct Cores {
  int supervisor = 0;
  int search = 0;
  std::vector<int> allowed;
};

Cores ChooseCores();
// Confines a process (0: this one) to some cores. False where the system refuses.
bool PinTo(pid_t pid, const std::vector<int>& cores);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_CORES_H_
