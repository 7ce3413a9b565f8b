#include "harness/bpf_filter.h"

#include <linux/audit.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace annsmith::harness {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// From newer headers than the build machine may have.
constexpr unsigned kSpeculationAllow = 1 << 2;  // SECCOMP_FILTER_FLAG_SPEC_ALLOW

constexpr uint32_t kCallOffset = offsetof(seccomp_data, nr);
constexpr uint32_t kPlaceOffset = offsetof(seccomp_data, instruction_pointer);

}  // namespace

uint32_t BpfFilter::ArgumentOffset(int index) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + static_cast<uint32_t>(index) * 8;
}

BpfFilter::BpfFilter() {
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

void BpfFilter::On(long call, uint32_t action) {
  Add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
  Return(action);
}

void BpfFilter::On(long call, const BpfFilter& body) {
  Add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0,
      static_cast<uint8_t>(body.program_.size()));
  program_.insert(program_.end(), body.program_.begin(), body.program_.end());
}

void BpfFilter::ReturnIfEqual(uint32_t value, uint32_t action) {
  Add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  Return(action);
}

void BpfFilter::ReturnUnlessEqual(uint32_t value, uint32_t action) {
  Add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
  Return(action);
}

void BpfFilter::ReturnUnlessArgument(int index, uint64_t value, uint32_t action) {
  Load(ArgumentOffset(index));
  ReturnUnlessEqual(static_cast<uint32_t>(value), action);
  Load(ArgumentOffset(index) + 4);
  ReturnUnlessEqual(static_cast<uint32_t>(value >> 32), action);
}

void BpfFilter::ReturnIfAnyBit(uint32_t bits, uint32_t action) {
  Add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  Return(action);
}

void BpfFilter::ReturnUnlessFrom(const char* place, uint32_t action) {
  const uint64_t address = reinterpret_cast<uint64_t>(place);
  Load(kPlaceOffset);
  ReturnUnlessEqual(static_cast<uint32_t>(address), action);
  Load(kPlaceOffset + 4);
  ReturnUnlessEqual(static_cast<uint32_t>(address >> 32), action);
}

SeccompResult BpfFilter::Install() {
  sock_fprog program = {static_cast<unsigned short>(program_.size()), program_.data()};
  SeccompResult result;
  result.speculation_allowed =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kSpeculationAllow, &program) == 0;
  result.held =
      result.speculation_allowed || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
  return result;
}

}  // namespace annsmith::harness
