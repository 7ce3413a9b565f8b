#include "harness/fault_handler.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "harness/trusted_calls.h"

namespace annsmith::harness {
namespace {

Reply* g_reply = nullptr;
std::vector<std::string> g_readable;
bool g_files_denied = false;
std::vector<AddressRange> g_clock_pages;
// A stack overflow leaves no room on the stack that overflowed.
alignas(64) char g_stack[64 * 1024];

// The registers of a system call, or of a fault.
class Registers {
 public:
  explicit Registers(ucontext_t* context) : machine_(context->uc_mcontext) {}

#if defined(__x86_64__)
  uint64_t place() const { return static_cast<uint64_t>(machine_.gregs[REG_RIP]); }
  long Argument(int index) const {
    constexpr int kOrder[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
    return static_cast<long>(machine_.gregs[kOrder[index]]);
  }
  void Return(long value) { machine_.gregs[REG_RAX] = value; }
#else
  uint64_t place() const { return machine_.pc; }
  long Argument(int index) const { return static_cast<long>(machine_.regs[index]); }
  void Return(long value) { machine_.regs[0] = static_cast<uint64_t>(value); }
#endif

 private:
  mcontext_t& machine_;
};

// With PR_TSC_SIGSEGV reading the time-stamp counter raises a general protection fault. REQUIRES:
// `at` was executing.
bool ReadsTimeStamp(uint64_t at) {
#if defined(__x86_64__)
  const auto* code = reinterpret_cast<const unsigned char*>(at);
  return code[0] == 0x0F && (code[1] == 0x31 || (code[1] == 0x01 && code[2] == 0xF9));
#else
  (void)at;
  return false;
#endif
}

bool IsInClockPages(uint64_t address) {
  for (const AddressRange& pages : g_clock_pages) {
    if (pages.begin <= address && address < pages.end) return true;
  }
  return false;
}

// Relative paths lie in the process's own folder.
bool MayOpen(const char* path, long flags) {
  if (g_files_denied || path == nullptr || std::strstr(path, "..") != nullptr) return false;
  if (path[0] != '/') return true;
  if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY) return false;
  for (const std::string& allowed : g_readable) {
    if (std::strncmp(path, allowed.c_str(), allowed.size()) != 0) continue;
    if (path[allowed.size()] == '\0' || path[allowed.size()] == '/') return true;
  }
  return false;
}

void NotePlace(uint64_t at) {
  Dl_info place;
  if (dladdr(reinterpret_cast<void*>(at), &place) == 0 || place.dli_fname == nullptr) return;
  const char* slash = std::strrchr(place.dli_fname, '/');
  std::snprintf(g_reply->fault_place, sizeof(g_reply->fault_place), "%s+0x%lx",
                slash == nullptr ? place.dli_fname : slash + 1,
                static_cast<unsigned long>(at - reinterpret_cast<uint64_t>(place.dli_fbase)));
}

void OnDeniedCall(int signal, siginfo_t* info, void* opaque) {
  Registers registers(static_cast<ucontext_t*>(opaque));
  const char* path = nullptr;
  if (info->si_syscall == SYS_openat) {
    path = reinterpret_cast<const char*>(registers.Argument(1));
    // The kernel takes an int: the upper half of the register may hold anything.
    if (static_cast<int>(registers.Argument(0)) == AT_FDCWD &&
        MayOpen(path, registers.Argument(2))) {
      return registers.Return(annsmith_trusted_call(SYS_openat, AT_FDCWD, registers.Argument(1),
                                                    registers.Argument(2), registers.Argument(3), 0,
                                                    0));
    }
  }
#if defined(__x86_64__)
  if (info->si_syscall == SYS_open) {
    path = reinterpret_cast<const char*>(registers.Argument(0));
    if (MayOpen(path, registers.Argument(1))) {
      return registers.Return(annsmith_trusted_call(
          SYS_open, registers.Argument(0), registers.Argument(1), registers.Argument(2), 0, 0, 0));
    }
  }
#endif
  Reply& reply = *g_reply;
  reply.fault_signal = static_cast<uint32_t>(signal);
  reply.fault_call = info->si_syscall;
  // abort() signals itself; what it sends says more than the call that was denied.
  if (info->si_syscall == SYS_tgkill)
    reply.fault_signal = static_cast<uint32_t>(registers.Argument(2));
  if (path != nullptr) memccpy(reply.fault_path, path, '\0', sizeof(reply.fault_path) - 1);
  NotePlace(registers.place());
  _exit(128 + SIGSYS);
}

void OnFault(int signal, siginfo_t* info, void* opaque) {
  const uint64_t at = Registers(static_cast<ucontext_t*>(opaque)).place();
  Reply& reply = *g_reply;
  reply.fault_signal = static_cast<uint32_t>(signal);
  reply.fault_call = -1;
  reply.fault_address = reinterpret_cast<uint64_t>(info->si_addr);
  NotePlace(at);
  constexpr int kGeneralProtection = 0x80;  // SI_KERNEL
  if (signal == SIGSEGV) {
    reply.fault_clock = info->si_code == kGeneralProtection ? ReadsTimeStamp(at)
                                                            : IsInClockPages(reply.fault_address);
  }
  // SA_RESETHAND has put the default back: the instruction repeats and the process dies of the true
  // signal.
}

}  // namespace

void InstallFaultHandlers(Reply* reply) {
  g_reply = reply;
  stack_t stack = {};
  stack.ss_sp = g_stack;
  stack.ss_size = sizeof(g_stack);
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(signal, &action, nullptr);
  action.sa_sigaction = OnDeniedCall;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSYS, &action, nullptr);
  // A handler of the candidate's must not keep abort() from ending the process.
  signal(SIGABRT, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void AllowReading(const std::vector<std::string>& paths) {
  g_readable.insert(g_readable.end(), paths.begin(), paths.end());
}

void DenyFiles() { g_files_denied = true; }

std::vector<AddressRange> FindClockPages() {
  std::vector<AddressRange> pages;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    // [vvar], and on newer kernels [vvar_vclock] beside it.
    if (line.find("[vvar") == std::string::npos) continue;
    AddressRange range;
    if (std::sscanf(line.c_str(), "%lx-%lx", &range.begin, &range.end) == 2) pages.push_back(range);
  }
  return pages;
}

void RemoveClockPages(const std::vector<AddressRange>& pages) {
  g_clock_pages = pages;
  for (const AddressRange& range : pages) {
    // Nothing else may come to lie there: what reads the clock has to fault.
    mmap(reinterpret_cast<void*>(range.begin), range.end - range.begin, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  }
}

}  // namespace annsmith::harness
