#ifndef ANNSMITH_HARNESS_SUPERVISOR_SIGNALS_H_
#define ANNSMITH_HARNESS_SUPERVISOR_SIGNALS_H_

#include <atomic>
#include <cstdint>

namespace annsmith::harness {

// How the supervisor, one thread, hears of deaths and of its own end whatever it is blocked in: the
// handlers set a flag, write to a pipe for poll(2), and change the futex word that is being waited
// for, so that no wake-up can fall between looking and sleeping. Process-wide.

// Handles SIGCHLD, SIGTERM, SIGINT, SIGHUP and the closing of standard output by its reader.
void InstallSupervisorSignals();

// The signal to stop for; 0 for none.
int StopSignal();

// Readable after a signal; emptied by DrainSignalPipe.
int SignalPipe();
void DrainSignalPipe();

// True once for any number of children that changed state.
bool TakeChildEvent();

// The bit that a signal sets in the word under WakeOnSignal.
constexpr uint32_t kSignalBit = 0x80000000;

// While it lives, a signal sets kSignalBit in `word`. One at a time.
class WakeOnSignal {
 public:
  explicit WakeOnSignal(std::atomic<uint32_t>* word);
  ~WakeOnSignal();
  WakeOnSignal(const WakeOnSignal&) = delete;
  WakeOnSignal& operator=(const WakeOnSignal&) = delete;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SUPERVISOR_SIGNALS_H_
