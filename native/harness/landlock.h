#ifndef ANNSMITH_HARNESS_LANDLOCK_H_
#define ANNSMITH_HARNESS_LANDLOCK_H_

#include <string>
#include <vector>

namespace annsmith::harness {

struct LandlockRules {
  std::vector<std::string>
      readable;  // files, or folders with all below; missing ones are passed over
  std::vector<std::string> writable;  // folders that may be read and written
};

struct LandlockResult {
  int abi = 0;  // 0: the kernel gives none, nothing was restricted
  bool network = false;
  bool scoped = false;
};

// Restricts this process (one thread) and its children to the rules, TCP denied and signals kept
// inside as far as the kernel's version goes. REQUIRES: no_new_privs is set.
LandlockResult RestrictFileAccess(const LandlockRules& rules);

// The version that this kernel offers; 0 for none.
int LandlockAbi();

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_LANDLOCK_H_
