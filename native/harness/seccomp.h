#ifndef ANNSMITH_HARNESS_SECCOMP_H_
#define ANNSMITH_HARNESS_SECCOMP_H_

#include "harness/bpf_filter.h"

namespace annsmith::harness {

struct HostFilter {
  bool sanitized = false;
  // What nothing that builds an index needs ends the process, with a note of what it was, instead
  // of failing. REQUIRES: InstallFaultHandlers was called.
  bool strict = false;
};

// Filter of an index host: an allow-list, everything else fails with EPERM. Threads may be made,
// processes only from annsmith_clone_sibling; no writable memory shared with another process;
// signals to itself only; the control channel only through annsmith_trusted_call. REQUIRES:
// no_new_privs is set; called by the process's only thread.
SeccompResult InstallHostFilter(HostFilter options);

// Second filter, of a process that answers queries: what needs more than the process's own memory
// raises SIGSYS, which the fault handler reports. `deny_clock` also denies the time.
SeccompResult InstallSearchFilter(bool deny_clock);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SECCOMP_H_
