#include "harness/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "harness/sibling.h"

namespace annsmith::harness {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// From newer headers than the build machine may have.
constexpr unsigned kSpeculationAllow = 1 << 2;  // SECCOMP_FILTER_FLAG_SPEC_ALLOW
constexpr uint32_t kCloneThread = 0x10000;
constexpr uint32_t kNameMemory = 0x53564d41;  // PR_SET_VMA
// Calls since Linux 5.3 have one number on every architecture.
constexpr long kClone3 = 435;
constexpr long kCloseRange = 436;
constexpr long kOpenat2 = 437;
constexpr long kFaccessat2 = 439;

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kAbsent = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kTrap = SECCOMP_RET_TRAP;

constexpr uint32_t kCallOffset = offsetof(seccomp_data, nr);
constexpr uint32_t ArgumentOffset(int index) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + static_cast<uint32_t>(index) * 8;
}

// Writes classic BPF with forward conditions of one instruction each, which keeps every jump
// distance at 0 or 1.
class Filter {
 public:
  Filter() {
    Load(offsetof(seccomp_data, arch));
    ReturnUnlessEqual(kArchitecture, SECCOMP_RET_KILL_PROCESS);
    Load(kCallOffset);
#if defined(__x86_64__)
    // Numbers from here on belong to the x32 interface, a way around every rule below.
    constexpr uint32_t kFirstX32Call = 0x40000000;
    Add(BPF_JMP | BPF_JGE | BPF_K, kFirstX32Call, 0, 1);
    Return(kRefuse);
#endif
  }

  // One system call, whatever its arguments.
  void On(long call, uint32_t action) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
    Return(action);
  }

  // One system call with conditions: those instructions run only for it and must end in a return.
  void On(long call, const Filter& body) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0,
        static_cast<uint8_t>(body.program_.size()));
    program_.insert(program_.end(), body.program_.begin(), body.program_.end());
  }

  // An empty filter, for a body.
  static Filter Body() { return Filter(std::vector<sock_filter>()); }

  void Load(uint32_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
  void ReturnIfEqual(uint32_t value, uint32_t action) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    Return(action);
  }
  void ReturnUnlessEqual(uint32_t value, uint32_t action) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    Return(action);
  }
  void ReturnIfAnyBit(uint32_t bits, uint32_t action) {
    Add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    Return(action);
  }
  void Return(uint32_t action) { Add(BPF_RET | BPF_K, action, 0, 0); }

  SeccompResult Install() {
    sock_fprog program = {static_cast<unsigned short>(program_.size()), program_.data()};
    SeccompResult result;
    result.speculation_allowed =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kSpeculationAllow, &program) == 0;
    result.held = result.speculation_allowed ||
                  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
    return result;
  }

 private:
  explicit Filter(std::vector<sock_filter> program) : program_(std::move(program)) {}
  void Add(int code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    program_.push_back({static_cast<uint16_t>(code), if_true, if_false, value});
  }

  std::vector<sock_filter> program_;
};

// What computing, memory, threads and files (Landlock says which) need, and nothing that reaches
// another process.
constexpr long kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
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
    SYS_mincore,
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
    SYS_dup,
    SYS_dup3,
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
    SYS_dup2,
    SYS_poll,
    SYS_time,
    SYS_arch_prctl,
#endif
};

Filter CloneRules() {
  const uint64_t place = reinterpret_cast<uint64_t>(annsmith_clone_sibling_return);
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(0));
  body.ReturnIfAnyBit(kCloneThread, kAllow);
  body.ReturnUnlessEqual(kSiblingFlags, kRefuse);
  body.Load(offsetof(seccomp_data, instruction_pointer));
  body.ReturnUnlessEqual(static_cast<uint32_t>(place), kRefuse);
  body.Load(offsetof(seccomp_data, instruction_pointer) + 4);
  body.ReturnUnlessEqual(static_cast<uint32_t>(place >> 32), kRefuse);
  body.Return(kAllow);
  return body;
}

// Memory shared with another process would outlive a round and carry answers from one to the next.
Filter MapRules() {
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(3));
  body.ReturnIfAnyBit(MAP_SHARED, kRefuse);
  body.Return(kAllow);
  return body;
}

Filter ProcessControlRules(bool sanitized) {
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(0));
  body.ReturnIfEqual(PR_SET_NAME, kAllow);
  body.ReturnIfEqual(kNameMemory, kAllow);
  body.ReturnIfEqual(PR_SET_TSC, kAllow);
  if (sanitized) {
    body.ReturnIfEqual(PR_GET_DUMPABLE, kAllow);
    body.ReturnIfEqual(PR_SET_DUMPABLE, kAllow);
  }
  body.ReturnUnlessEqual(PR_SET_PDEATHSIG, kRefuse);
  body.Load(ArgumentOffset(1));
  body.ReturnIfEqual(SIGKILL, kAllow);
  body.Return(kRefuse);
  return body;
}

Filter DescriptorRules() {
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(1));
  for (const uint32_t command : {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC}) {
    body.ReturnIfEqual(command, kAllow);
  }
  body.Return(kRefuse);
  return body;
}

// Limits may be read, never set.
Filter LimitRules() {
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(2));
  body.ReturnUnlessEqual(0, kRefuse);
  body.Load(ArgumentOffset(2) + 4);
  body.ReturnUnlessEqual(0, kRefuse);
  body.Return(kAllow);
  return body;
}

// To itself. Sanitized search processes, which have another id and no second filter, may abort.
Filter SignalRules(bool sanitized) {
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(0));
  body.ReturnIfEqual(static_cast<uint32_t>(getpid()), kAllow);
  if (sanitized) {
    body.Load(ArgumentOffset(2));
    body.ReturnIfEqual(SIGABRT, kAllow);
  }
  body.Return(kRefuse);
  return body;
}

// The C library's own two signals, which it prepares on the way to a first thread: that thread is
// the news, not they.
Filter HandlerRules() {
  constexpr uint32_t kCancel = 32;
  constexpr uint32_t kSetIds = 33;
  Filter body = Filter::Body();
  body.Load(ArgumentOffset(0));
  body.ReturnIfEqual(kCancel, kAllow);
  body.ReturnIfEqual(kSetIds, kAllow);
  body.Return(kTrap);
  return body;
}

struct NamedCall {
  long call;
  const char* name;
  const char* reason;
};

constexpr NamedCall kDeniedInSearch[] = {
    {SYS_clone, "clone", "threads"},
    {kClone3, "clone3", "threads"},
#if defined(__x86_64__)
    {SYS_fork, "fork", "threads"},
    {SYS_vfork, "vfork", "threads"},
    {SYS_open, "open", "syscall"},
    {SYS_creat, "creat", "syscall"},
#endif
    {SYS_openat, "openat", "syscall"},
    {kOpenat2, "openat2", "syscall"},
    {SYS_socket, "socket", "syscall"},
    {SYS_socketpair, "socketpair", "syscall"},
    {SYS_execve, "execve", "syscall"},
    {SYS_execveat, "execveat", "syscall"},
    {SYS_kill, "kill", "syscall"},
    {SYS_tgkill, "tgkill", "syscall"},
    {SYS_tkill, "tkill", "syscall"},
    {SYS_ptrace, "ptrace", "syscall"},
    {SYS_dup, "dup", "syscall"},
    {SYS_dup3, "dup3", "syscall"},
    {SYS_getdents64, "getdents64", "syscall"},
};

constexpr NamedCall kClockCalls[] = {
    {SYS_clock_gettime, "clock_gettime", "clock"},
    {SYS_clock_getres, "clock_getres", "clock"},
    {SYS_clock_nanosleep, "clock_nanosleep", "clock"},
    {SYS_nanosleep, "nanosleep", "clock"},
    {SYS_gettimeofday, "gettimeofday", "clock"},
    {SYS_getrusage, "getrusage", "clock"},
    {SYS_times, "times", "clock"},
#if defined(__x86_64__)
    {SYS_time, "time", "clock"},
#endif
};

const NamedCall* FindCall(long call) {
  for (const NamedCall& entry : kDeniedInSearch) {
    if (entry.call == call) return &entry;
  }
  for (const NamedCall& entry : kClockCalls) {
    if (entry.call == call) return &entry;
  }
  return nullptr;
}

}  // namespace

SeccompResult InstallHostFilter(bool sanitized) {
  Filter filter;
  for (const long call : kAllowed) filter.On(call, kAllow);
  if (sanitized) {
    // The run-time asks the kernel through a pipe whether memory can be read.
    filter.On(SYS_pipe2, kAllow);
#if defined(__x86_64__)
    filter.On(SYS_pipe, kAllow);
#endif
  }
  // Its flags lie in memory, out of a filter's sight; without it the C library falls back to clone.
  filter.On(kClone3, kAbsent);
  filter.On(SYS_clone, CloneRules());
  filter.On(SYS_mmap, MapRules());
  filter.On(SYS_prctl, ProcessControlRules(sanitized));
  filter.On(SYS_fcntl, DescriptorRules());
  filter.On(SYS_prlimit64, LimitRules());
  filter.On(SYS_tgkill, SignalRules(sanitized));
  filter.Return(kRefuse);
  return filter.Install();
}

SeccompResult InstallSearchFilter(bool deny_clock) {
  Filter filter;
  for (const NamedCall& entry : kDeniedInSearch) filter.On(entry.call, kTrap);
  filter.On(SYS_rt_sigaction, HandlerRules());
  if (deny_clock) {
    for (const NamedCall& entry : kClockCalls) filter.On(entry.call, kTrap);
  }
  filter.Return(kAllow);
  return filter.Install();
}

const char* ReasonOfCall(long call) {
  const NamedCall* entry = FindCall(call);
  return entry == nullptr ? "syscall" : entry->reason;
}

std::string NameOfCall(long call) {
  if (call == SYS_rt_sigaction) return "rt_sigaction";
  const NamedCall* entry = FindCall(call);
  return entry == nullptr ? "system call " + std::to_string(call) : entry->name;
}

}  // namespace annsmith::harness
