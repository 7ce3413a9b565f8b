#ifndef ANNSMITH_HARNESS_FUTEX_H_
#define ANNSMITH_HARNESS_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace annsmith::harness {

// Blocks while `word` holds `value`, until a wake-up, a signal or `deadline_ns` of CLOCK_MONOTONIC
// (0: none). May return for no reason; the caller looks again.
inline void FutexWait(std::atomic<uint32_t>& word, uint32_t value, int64_t deadline_ns) {
  timespec until = {};
  until.tv_sec = deadline_ns / 1000000000;
  until.tv_nsec = deadline_ns % 1000000000;
  // The BITSET form takes an absolute time.
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, value, deadline_ns > 0 ? &until : nullptr, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

// One turn of a loop that waits for another core.
inline void Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline void FutexWake(std::atomic<uint32_t>& word, int waiters = 1) {
  syscall(SYS_futex, &word, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
}

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_FUTEX_H_
