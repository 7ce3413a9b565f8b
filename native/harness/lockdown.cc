#include "harness/lockdown.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/fault_handler.h"
#include "harness/landlock.h"
#include "harness/seccomp.h"

namespace annsmith::harness {
namespace {

// Where the dynamic loader finds what an adapter links to.
const char* const kSystemLibraries[] = {"/lib",           "/lib32",          "/lib64",
                                        "/usr/lib",       "/usr/lib32",      "/usr/lib64",
                                        "/usr/local/lib", "/etc/ld.so.cache"};
// What a library may ask about the machine: cores, caches, huge pages.
const char* const kMachineFacts[] = {"/sys/devices/system", "/sys/kernel/mm", "/proc/cpuinfo",
                                     "/proc/meminfo"};

constexpr rlim_t kOpenFiles = 64;
// At the soft limit comes SIGXCPU, which says what happened; SIGKILL at the hard limit does not.
constexpr rlim_t kCpuGraceSeconds = 2;

// `grace` lies between the soft and the hard limit. A lower limit that is there already stays.
bool Limit(int which, uint64_t value, uint64_t grace = 0) {
  rlimit limit;
  if (getrlimit(which, &limit) != 0) return false;
  if (value + grace < limit.rlim_max) limit.rlim_max = value + grace;
  limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
  return setrlimit(which, &limit) == 0;
}

bool SetLimits(const LockdownOptions& options) {
  bool held = Limit(RLIMIT_CORE, 0) && Limit(RLIMIT_NOFILE, kOpenFiles) &&
              Limit(RLIMIT_FSIZE, options.file_bytes) &&
              Limit(RLIMIT_CPU, options.cpu_seconds, kCpuGraceSeconds);
  if (options.address_bytes > 0) held = Limit(RLIMIT_AS, options.address_bytes) && held;
  return held;
}

// Root keeps one capability, to read a workspace that belongs to somebody else; Landlock still says
// which files.
bool DropCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return false;
  const uint32_t kept = data[0].permitted & (1u << CAP_DAC_OVERRIDE);
  __user_cap_data_struct left[2] = {{kept, kept, 0}, {0, 0, 0}};
  return syscall(SYS_capset, &header, left) == 0;
}

}  // namespace

bool DieWithParent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the request was in place.
  return getppid() == parent;
}

LockdownReport LockDown(const LockdownOptions& options) {
  LockdownReport report = {};
  report.no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  report.rlimits = SetLimits(options);
  report.capabilities_dropped = DropCapabilities();
  // What a library writes by a bare name goes where it may go.
  const bool moved = chdir(options.scratch.c_str()) == 0;

  LandlockRules rules;
  rules.readable = options.readable;
  rules.readable.insert(rules.readable.end(), std::begin(kSystemLibraries),
                        std::end(kSystemLibraries));
  rules.readable.insert(rules.readable.end(), std::begin(kMachineFacts), std::end(kMachineFacts));
  // A sanitizer reads the memory map and the program to name the functions in its report.
  if (options.sanitized) rules.readable.insert(rules.readable.end(), {"/proc", "/proc/self/exe"});
  if (moved) rules.writable.push_back(options.scratch);
  const LandlockResult landlock = RestrictFileAccess(rules);
  report.landlock_abi = landlock.abi;
  report.scoped = landlock.scoped;

  if (options.strict) AllowReading(rules.readable);
  const SeccompResult seccomp = InstallHostFilter({options.sanitized, options.strict});
  report.seccomp = seccomp.held;
  report.speculation_allowed = seccomp.speculation_allowed;
  report.network = seccomp.held || landlock.network;
  return report;
}

}  // namespace annsmith::harness
