#ifndef ANNSMITH_HARNESS_CHILDREN_H_
#define ANNSMITH_HARNESS_CHILDREN_H_

#include <sys/types.h>

#include <map>
#include <optional>

namespace annsmith::harness {

// How the supervisor's children ended: hosts, search processes and, as it is the subreaper,
// whatever they left behind. Not thread-safe.
class Children {
 public:
  // Collects everyone who has died.
  void Reap();
  // The wait status of a child that has died and was not forgotten.
  std::optional<int> StatusOf(pid_t pid) const;
  // Whether the kernel says that `pid` is a child of ours, dead or alive.
  bool Knows(pid_t pid) const;
  // Waits for a child that was killed. Returns its wait status.
  int WaitFor(pid_t pid);
  void Forget(pid_t pid) { ended_.erase(pid); }

 private:
  std::map<pid_t, int> ended_;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_CHILDREN_H_
