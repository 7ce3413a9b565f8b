#include "harness/fault_handler.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace annsmith::harness {
namespace {

Reply* g_reply = nullptr;
// A stack overflow leaves no room on the stack that overflowed.
alignas(64) char g_stack[64 * 1024];

uint64_t ProgramCounter(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
#else
  return context.uc_mcontext.pc;
#endif
}

uint32_t ThirdArgument(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uint32_t>(context.uc_mcontext.gregs[REG_RDX]);
#else
  return static_cast<uint32_t>(context.uc_mcontext.regs[2]);
#endif
}

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

void OnFault(int signal, siginfo_t* info, void* opaque) {
  const ucontext_t& context = *static_cast<const ucontext_t*>(opaque);
  const uint64_t at = ProgramCounter(context);
  Reply& reply = *g_reply;
  reply.fault_signal = static_cast<uint32_t>(signal);
  reply.fault_call = -1;
  Dl_info place;
  if (dladdr(reinterpret_cast<void*>(at), &place) != 0 && place.dli_fname != nullptr) {
    const char* slash = std::strrchr(place.dli_fname, '/');
    std::snprintf(reply.fault_place, sizeof(reply.fault_place), "%s+0x%lx",
                  slash == nullptr ? place.dli_fname : slash + 1,
                  static_cast<unsigned long>(at - reinterpret_cast<uint64_t>(place.dli_fbase)));
  }
  if (signal == SIGSYS) {
    reply.fault_call = info->si_syscall;
    // abort() signals itself; what it sends says more than the call that was denied.
    if (info->si_syscall == SYS_tgkill) reply.fault_signal = ThirdArgument(context);
    // A trapped call is not repeated on return, so the process has to end here.
    _exit(128 + SIGSYS);
  }
  reply.fault_address = reinterpret_cast<uint64_t>(info->si_addr);
  constexpr int kGeneralProtection = 0x80;  // SI_KERNEL
  if (signal == SIGSEGV && info->si_code == kGeneralProtection)
    reply.fault_clock = ReadsTimeStamp(at);
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
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS}) {
    sigaction(signal, &action, nullptr);
  }
  // A handler of the candidate's must not keep abort() from ending the process.
  signal(SIGABRT, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace annsmith::harness
