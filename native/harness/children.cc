#include "harness/children.h"

#include <sys/wait.h>

#include <cerrno>

namespace annsmith::harness {

void Children::Reap() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) ended_[pid] = status;
}

std::optional<int> Children::StatusOf(pid_t pid) const {
  const auto found = ended_.find(pid);
  if (found == ended_.end()) return std::nullopt;
  return found->second;
}

bool Children::Knows(pid_t pid) const {
  if (ended_.count(pid) > 0) return true;
  siginfo_t info;
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int Children::WaitFor(pid_t pid) {
  if (const auto known = StatusOf(pid)) return *known;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  ended_[pid] = status;
  return status;
}

}  // namespace annsmith::harness
