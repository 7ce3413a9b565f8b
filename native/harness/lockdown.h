#ifndef ANNSMITH_HARNESS_LOCKDOWN_H_
#define ANNSMITH_HARNESS_LOCKDOWN_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/control.h"

namespace annsmith::harness {

struct LockdownOptions {
  std::vector<std::string> readable;  // files beside the system's library folders
  std::string scratch;                // the working folder, and the only one that may be written
  uint64_t address_bytes = 0;         // RLIMIT_AS; 0: none, as a sanitizer reserves terabytes
  uint64_t cpu_seconds = 0;           // RLIMIT_CPU
  uint64_t file_bytes = 0;            // RLIMIT_FSIZE
  bool sanitized = false;
  bool strict = false;  // see HostFilter; REQUIRES: InstallFaultHandlers was called
};

// Takes from an index host every right that building and searching do not need: new privileges,
// capabilities, limits, files, network, system calls. Says what held; what the kernel or the
// container does not give is not an error, because the developer may still want to measure there.
// REQUIRES: one thread.
LockdownReport LockDown(const LockdownOptions& options);

// SIGKILL for this process when `parent` dies. False where it is dead already.
bool DieWithParent(pid_t parent);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_LOCKDOWN_H_
