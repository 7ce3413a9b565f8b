#include "harness/denied_calls.h"

#include <sys/syscall.h>

#include "harness/call_numbers.h"

namespace annsmith::harness {
namespace {

enum class Kind { kClock, kProcess, kOther, kNamed };

struct NamedCall {
  long call;
  const char* name;
  Kind kind;
};

constexpr NamedCall kCalls[] = {
    {SYS_clock_gettime, "clock_gettime", Kind::kClock},
    {SYS_clock_getres, "clock_getres", Kind::kClock},
    {SYS_clock_nanosleep, "clock_nanosleep", Kind::kClock},
    {SYS_nanosleep, "nanosleep", Kind::kClock},
    {SYS_gettimeofday, "gettimeofday", Kind::kClock},
    {SYS_getrusage, "getrusage", Kind::kClock},
    {SYS_times, "times", Kind::kClock},
    {SYS_clone, "clone", Kind::kProcess},
    {kClone3, "clone3", Kind::kProcess},
    {SYS_execve, "execve", Kind::kOther},
    {SYS_execveat, "execveat", Kind::kOther},
    {SYS_socket, "socket", Kind::kOther},
    {SYS_socketpair, "socketpair", Kind::kOther},
    {SYS_connect, "connect", Kind::kOther},
    {SYS_kill, "kill", Kind::kOther},
    {SYS_tkill, "tkill", Kind::kOther},
    {SYS_ptrace, "ptrace", Kind::kOther},
    {SYS_process_vm_readv, "process_vm_readv", Kind::kOther},
    {SYS_process_vm_writev, "process_vm_writev", Kind::kOther},
    {SYS_memfd_create, "memfd_create", Kind::kOther},
    {SYS_openat, "openat", Kind::kNamed},
    {kOpenat2, "openat2", Kind::kNamed},
    {SYS_read, "read", Kind::kNamed},
    {SYS_write, "write", Kind::kNamed},
    {SYS_writev, "writev", Kind::kNamed},
    {SYS_pread64, "pread64", Kind::kNamed},
    {SYS_pwrite64, "pwrite64", Kind::kNamed},
    {SYS_readv, "readv", Kind::kNamed},
    {SYS_close, "close", Kind::kNamed},
    {SYS_mkdirat, "mkdirat", Kind::kNamed},
    {SYS_unlinkat, "unlinkat", Kind::kNamed},
    {SYS_renameat2, "renameat2", Kind::kNamed},
    {SYS_newfstatat, "newfstatat", Kind::kNamed},
    {SYS_getdents64, "getdents64", Kind::kNamed},
    {SYS_dup, "dup", Kind::kNamed},
    {SYS_dup3, "dup3", Kind::kNamed},
    {SYS_fcntl, "fcntl", Kind::kNamed},
    {SYS_tgkill, "tgkill", Kind::kNamed},
    {SYS_prctl, "prctl", Kind::kNamed},
    {SYS_mmap, "mmap", Kind::kNamed},
    {SYS_rt_sigaction, "rt_sigaction", Kind::kNamed},
    {SYS_getrandom, "getrandom", Kind::kNamed},
#if defined(__x86_64__)
    {SYS_time, "time", Kind::kClock},
    {SYS_fork, "fork", Kind::kProcess},
    {SYS_vfork, "vfork", Kind::kProcess},
    {SYS_open, "open", Kind::kNamed},
    {SYS_creat, "creat", Kind::kNamed},
    {SYS_mkdir, "mkdir", Kind::kNamed},
    {SYS_rename, "rename", Kind::kNamed},
    {SYS_unlink, "unlink", Kind::kNamed},
    {SYS_stat, "stat", Kind::kNamed},
    {SYS_access, "access", Kind::kNamed},
    {SYS_dup2, "dup2", Kind::kNamed},
#endif
};

std::vector<long> CallsOf(Kind kind) {
  std::vector<long> calls;
  for (const NamedCall& entry : kCalls) {
    if (entry.kind == kind) calls.push_back(entry.call);
  }
  return calls;
}

const NamedCall* Find(long call) {
  for (const NamedCall& entry : kCalls) {
    if (entry.call == call) return &entry;
  }
  return nullptr;
}

}  // namespace

const std::vector<long>& ClockCalls() {
  static const std::vector<long> calls = CallsOf(Kind::kClock);
  return calls;
}

const std::vector<long>& CallsToOthers() {
  static const std::vector<long> calls = CallsOf(Kind::kOther);
  return calls;
}

const char* ReasonOfCall(long call) {
  const NamedCall* entry = Find(call);
  if (entry == nullptr) return "syscall";
  return entry->kind == Kind::kClock     ? "clock"
         : entry->kind == Kind::kProcess ? "threads"
                                         : "syscall";
}

std::string NameOfCall(long call) {
  const NamedCall* entry = Find(call);
  return entry == nullptr ? "system call " + std::to_string(call) : entry->name;
}

}  // namespace annsmith::harness
