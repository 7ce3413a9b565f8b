#ifndef ANNSMITH_HARNESS_MONOTONIC_H_
#define ANNSMITH_HARNESS_MONOTONIC_H_

#include <time.h>

#include <cstdint>

namespace annsmith::harness {

// Nanoseconds of CLOCK_MONOTONIC.
inline int64_t MonotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

// The moment after which a command is given up, in MonotonicNs.
struct Deadline {
  int64_t at_ns = 0;

  static Deadline InMilliseconds(uint64_t ms) {
    return {MonotonicNs() + static_cast<int64_t>(ms) * 1000000};
  }
  bool Passed() const { return MonotonicNs() >= at_ns; }
  // Milliseconds left, at least 0.
  int64_t LeftMs() const {
    const int64_t left = at_ns - MonotonicNs();
    return left > 0 ? left / 1000000 : 0;
  }
};

inline double Seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_MONOTONIC_H_
