#ifndef ANNSMITH_HARNESS_BPF_FILTER_H_
#define ANNSMITH_HARNESS_BPF_FILTER_H_

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include <cstdint>
#include <vector>

namespace annsmith::harness {

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kAbsent = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kTrap = SECCOMP_RET_TRAP;

struct SeccompResult {
  bool held = false;
  // The filter came without the speculation mitigations that some kernels attach to it.
  bool speculation_allowed = false;
};

// Writes classic BPF for seccomp, with forward conditions of one instruction each, which keeps
// every jump distance at 0 or 1. What comes first decides.
class BpfFilter {
 public:
  // Refuses the interfaces of other architectures.
  BpfFilter();
  // An empty filter, for a body.
  static BpfFilter Body() { return BpfFilter(std::vector<sock_filter>()); }

  // One system call, whatever its arguments.
  void On(long call, uint32_t action);
  // One system call with conditions: those instructions run only for it and must end in a return.
  void On(long call, const BpfFilter& body);

  void LoadArgument(int index) { Load(ArgumentOffset(index)); }
  void ReturnIfEqual(uint32_t value, uint32_t action);
  void ReturnUnlessEqual(uint32_t value, uint32_t action);
  // All 64 bits of an argument.
  void ReturnUnlessArgument(int index, uint64_t value, uint32_t action);
  void ReturnIfAnyBit(uint32_t bits, uint32_t action);
  // Unless the call comes from the instruction before `place`.
  void ReturnUnlessFrom(const char* place, uint32_t action);
  void Return(uint32_t action) { Add(BPF_RET | BPF_K, action, 0, 0); }

  // For this process and its children from now on. REQUIRES: no_new_privs; one thread.
  SeccompResult Install();

 private:
  explicit BpfFilter(std::vector<sock_filter> program) : program_(std::move(program)) {}
  static uint32_t ArgumentOffset(int index);
  void Load(uint32_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
  void Add(int code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    program_.push_back({static_cast<uint16_t>(code), if_true, if_false, value});
  }

  std::vector<sock_filter> program_;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_BPF_FILTER_H_
