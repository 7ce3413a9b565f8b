#include "harness/seccomp.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "harness/call_numbers.h"
#include "harness/control.h"
#include "harness/denied_calls.h"
#include "harness/trusted_calls.h"

namespace annsmith::harness {
namespace {

constexpr uint32_t kCloneThread = 0x10000;
constexpr uint32_t kNameMemory = 0x53564d41;  // PR_SET_VMA

// What computing, memory, threads and files (Landlock says which) need, and nothing that reaches
// another process.
constexpr long kAllowed[] = {
    SYS_close,
    kCloseRange,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_lseek,
    SYS_openat,
    SYS_faccessat,
    kFaccessat2,
    SYS_readlinkat,
    SYS_getcwd,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_ftruncate,
    SYS_getdents64,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getcpu,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_times,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrandom,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
    SYS_membarrier,
    SYS_ppoll,
    SYS_seccomp,  // can only take more away
#if defined(SYS_rseq)
    SYS_rseq,
#endif
#if defined(__x86_64__)
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_poll,
    SYS_time,
    SYS_arch_prctl,
#endif
};

// What goes on in memory alone; whatever leaves the process, or comes from outside, is missing.
constexpr long kAllowedInSearch[] = {
    SYS_brk,    SYS_munmap,     SYS_mremap,          SYS_mprotect,          SYS_madvise,
    SYS_mmap,   SYS_futex,      SYS_rt_sigprocmask,  SYS_rt_sigreturn,      SYS_sigaltstack,
    SYS_gettid, SYS_getpid,     SYS_sched_yield,     SYS_sched_getaffinity, SYS_getcpu,
    SYS_exit,   SYS_exit_group, SYS_restart_syscall,
};

// Threads may be made, processes only from annsmith_clone_sibling.
BpfFilter CloneRules(uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfAnyBit(kCloneThread, kAllow);
  body.ReturnUnlessEqual(kSiblingFlags, denied);
  body.ReturnUnlessFrom(annsmith_clone_sibling_return, denied);
  body.Return(kAllow);
  return body;
}

// Memory shared with another process would outlive a round and carry answers from one to the next.
BpfFilter MapRules(uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(3);
  body.ReturnIfAnyBit(MAP_SHARED, denied);
  body.Return(kAllow);
  return body;
}

// The channel to the supervisor is the harness's own.
BpfFilter TransferRules(uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnUnlessEqual(kControlDescriptor, kAllow);
  body.ReturnUnlessFrom(annsmith_trusted_call_return, denied);
  body.Return(kAllow);
  return body;
}

BpfFilter DuplicateRules(uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(kControlDescriptor, denied);
  body.Return(kAllow);
  return body;
}

BpfFilter DescriptorRules(uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(1);
  for (const uint32_t command : {F_GETFD, F_SETFD, F_GETFL}) body.ReturnIfEqual(command, kAllow);
  body.LoadArgument(0);
  body.ReturnIfEqual(kControlDescriptor, denied);
  body.LoadArgument(1);
  for (const uint32_t command : {F_DUPFD, F_DUPFD_CLOEXEC}) body.ReturnIfEqual(command, kAllow);
  body.Return(kRefuse);
  return body;
}

// The fault handler, which sees the path, decides and opens in the caller's place.
BpfFilter OpenRules() {
  BpfFilter body = BpfFilter::Body();
  body.ReturnUnlessFrom(annsmith_trusted_call_return, kTrap);
  body.Return(kAllow);
  return body;
}

BpfFilter ProcessControlRules(bool sanitized) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(PR_SET_NAME, kAllow);
  body.ReturnIfEqual(kNameMemory, kAllow);
  body.ReturnIfEqual(PR_SET_TSC, kAllow);
  if (sanitized) {
    body.ReturnIfEqual(PR_GET_DUMPABLE, kAllow);
    body.ReturnIfEqual(PR_SET_DUMPABLE, kAllow);
  }
  body.ReturnUnlessEqual(PR_SET_PDEATHSIG, kRefuse);
  body.LoadArgument(1);
  body.ReturnIfEqual(SIGKILL, kAllow);
  body.Return(kRefuse);
  return body;
}

// Limits may be read, never set.
BpfFilter LimitRules() {
  BpfFilter body = BpfFilter::Body();
  body.ReturnUnlessArgument(2, 0, kRefuse);
  body.Return(kAllow);
  return body;
}

// To itself. Sanitized search processes, which have another id and no second filter, may abort.
BpfFilter SignalRules(bool sanitized, uint32_t denied) {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(static_cast<uint32_t>(getpid()), kAllow);
  if (sanitized) {
    body.LoadArgument(2);
    body.ReturnIfEqual(SIGABRT, kAllow);
  }
  body.Return(denied);
  return body;
}

// The handler of denied calls stays, once it is there.
BpfFilter HandlerRulesInBuild() {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(SIGSYS, kRefuse);
  body.Return(kAllow);
  return body;
}

// The C library's own two signals, which it prepares on the way to a first thread: that thread is
// the news, not they.
BpfFilter HandlerRulesInSearch() {
  constexpr uint32_t kCancel = 32;
  constexpr uint32_t kSetIds = 33;
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(kCancel, kAllow);
  body.ReturnIfEqual(kSetIds, kAllow);
  body.Return(kTrap);
  return body;
}

// Last words go to standard error.
BpfFilter WriteRulesInSearch() {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(STDERR_FILENO, kAllow);
  body.Return(kTrap);
  return body;
}

BpfFilter NamingRulesInSearch() {
  BpfFilter body = BpfFilter::Body();
  body.LoadArgument(0);
  body.ReturnIfEqual(kNameMemory, kAllow);
  body.Return(kTrap);
  return body;
}

}  // namespace

SeccompResult InstallHostFilter(HostFilter options) {
  const uint32_t denied = options.strict ? kTrap : kRefuse;
  BpfFilter filter;
  if (options.strict) {
    for (const long call : CallsToOthers()) filter.On(call, kTrap);
    filter.On(SYS_openat, OpenRules());
    filter.On(kOpenat2, kTrap);
    filter.On(SYS_rt_sigaction, HandlerRulesInBuild());
#if defined(__x86_64__)
    filter.On(SYS_open, OpenRules());
    for (const long call : {SYS_creat, SYS_fork, SYS_vfork}) filter.On(call, kTrap);
#endif
  }
  for (const long call : kAllowed) filter.On(call, kAllow);
  for (const long call : {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64}) {
    filter.On(call, TransferRules(denied));
  }
  filter.On(SYS_dup, DuplicateRules(denied));
  filter.On(SYS_dup3, DuplicateRules(denied));
#if defined(__x86_64__)
  filter.On(SYS_dup2, DuplicateRules(denied));
#endif
  if (options.sanitized) {
    // The run-time asks the kernel whether memory can be read, in two ways.
    filter.On(SYS_mincore, kAllow);
    filter.On(SYS_pipe2, kAllow);
#if defined(__x86_64__)
    filter.On(SYS_pipe, kAllow);
#endif
  }
  // Its flags lie in memory, out of a filter's sight; without it the C library falls back to clone.
  filter.On(kClone3, kAbsent);
  filter.On(SYS_clone, CloneRules(denied));
  filter.On(SYS_mmap, MapRules(denied));
  filter.On(SYS_prctl, ProcessControlRules(options.sanitized));
  filter.On(SYS_fcntl, DescriptorRules(denied));
  filter.On(SYS_prlimit64, LimitRules());
  filter.On(SYS_tgkill, SignalRules(options.sanitized, denied));
  filter.Return(kRefuse);
  return filter.Install();
}

SeccompResult InstallSearchFilter(bool deny_clock) {
  BpfFilter filter;
  for (const long call : kAllowedInSearch) filter.On(call, kAllow);
  filter.On(SYS_write, WriteRulesInSearch());
  filter.On(SYS_writev, WriteRulesInSearch());
  filter.On(SYS_rt_sigaction, HandlerRulesInSearch());
  filter.On(SYS_prctl, NamingRulesInSearch());
  if (!deny_clock) {
    for (const long call : ClockCalls()) filter.On(call, kAllow);
  }
  filter.Return(kTrap);
  return filter.Install();
}

}  // namespace annsmith::harness
