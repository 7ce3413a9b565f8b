#ifndef ANNSMITH_HARNESS_SECCOMP_H_
#define ANNSMITH_HARNESS_SECCOMP_H_

#include <string>

namespace annsmith::harness {

struct SeccompResult {
  bool held = false;
  // The filter came without the speculation mitigations that some kernels attach to it.
  bool speculation_allowed = false;
};

// Filter of an index host: an allow-list, everything else fails with EPERM. Threads may be made,
// processes only from annsmith_clone_sibling; no writable memory shared with another process;
// signals to itself only. REQUIRES: no_new_privs is set; called by the process's only thread.
SeccompResult InstallHostFilter(bool sanitized);

// Second filter, of a process that answers queries: what a search has no business doing raises
// SIGSYS, which the fault handler reports. `deny_clock` also denies the time.
SeccompResult InstallSearchFilter(bool deny_clock);

// "threads", "clock" or "syscall": the reason that a denied call stands for.
const char* ReasonOfCall(long call);
// "openat", or "system call 123" where the name is not known.
std::string NameOfCall(long call);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SECCOMP_H_
