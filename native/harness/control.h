#ifndef ANNSMITH_HARNESS_CONTROL_H_
#define ANNSMITH_HARNESS_CONTROL_H_

#include <cstdint>

namespace annsmith::harness {

// Messages between the supervisor and an index host over a SOCK_SEQPACKET pair: one order, one
// answer, always in turn. Fixed sizes; the host runs candidate code, so its answers are checked
// like any input.

// Descriptors that a host finds open.
constexpr int kControlDescriptor = 3;
constexpr int kSharedDescriptor = 4;
constexpr int kExportDescriptor = 5;

enum class Order : uint32_t {
  kLockDown = 1,  // map the files, give up every right that is not needed
  kLoad,
  kCreate,
  kBuild,
  kImport,
  kExport,  // forks a process that writes the graph to kExportDescriptor
  kPrepare,
  kMemory,
  kSearch,  // forks a search process; `flags` below
};

// Bits of OrderMessage::flags for kSearch.
constexpr uint32_t kDenyClock = 1;
constexpr uint32_t kDenyCalls = 2;

struct OrderMessage {
  uint32_t magic;
  Order order;
  uint32_t flags;
  uint32_t reserved;
};

// What of the lock-down held. See lockdown.h.
struct LockdownReport {
  int32_t landlock_abi;  // 0: no Landlock
  uint8_t seccomp;
  uint8_t
      speculation_allowed;  // seccomp without its mitigations, which would slow the candidate down
  uint8_t rlimits;
  uint8_t no_new_privs;
  uint8_t network;  // network access is denied
  uint8_t scoped;   // signals and abstract sockets do not leave the sandbox
  uint8_t capabilities_dropped;
  uint8_t reserved;
};

struct AnswerMessage {
  uint32_t magic;
  Order order;
  uint32_t failed;
  int32_t pid;     // of the process forked
  uint64_t value;  // bytes for kMemory
  LockdownReport lockdown;
  char reason[16];
  char text[1024];
};

constexpr uint32_t kControlMagic = 0x48534e41;

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_CONTROL_H_
