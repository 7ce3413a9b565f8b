#ifndef ANNSMITH_HARNESS_TRUSTED_CALLS_H_
#define ANNSMITH_HARNESS_TRUSTED_CALLS_H_

#include <cstdint>

// The places from which an index host may do what candidate code in the same process may not: the
// seccomp filter looks at the address that a system call comes from.

// Forks. CLONE_PARENT makes the child the supervisor's, which thereby learns of its death from the
// kernel and not from the host. Like fork(2) of a single-threaded process; returns 0 in the child,
// the pid or a negative error number in the parent.
extern "C" long annsmith_clone_sibling(void);
extern "C" const char annsmith_clone_sibling_return[];

// Any system call, for the control channel and for files that were found harmless. Returns what the
// kernel returns: a negative error number on failure.
extern "C" long annsmith_trusted_call(long number, long a, long b, long c, long d, long e, long f);
extern "C" const char annsmith_trusted_call_return[];

namespace annsmith::harness {

// CLONE_PARENT | SIGCHLD, the flags that annsmith_clone_sibling passes.
constexpr uint32_t kSiblingFlags = 0x8000 | 17;

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_TRUSTED_CALLS_H_
