#ifndef ANNSMITH_HARNESS_SIBLING_H_
#define ANNSMITH_HARNESS_SIBLING_H_

#include <cstdint>

// The one place from which an index host may fork: the seccomp filter lets `clone` through from
// this instruction only, so that candidate code cannot start processes. CLONE_PARENT makes the
// child the supervisor's, which thereby learns of its death from the kernel and not from the host.
//
// Like fork(2) of a single-threaded process; returns 0 in the child, the pid or a negative error
// number in the parent.
extern "C" long annsmith_clone_sibling(void);
extern "C" const char annsmith_clone_sibling_return[];

namespace annsmith::harness {

// CLONE_PARENT | SIGCHLD, the flags that the instruction passes.
constexpr uint32_t kSiblingFlags = 0x8000 | 17;

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SIBLING_H_
