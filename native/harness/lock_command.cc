#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/commands.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

// Interrupts flock(2) again and again while it lives, so that a signal or a deadline that falls
// between looking and blocking is seen at the next tick. Nothing is being timed while a lock is
// awaited.
class Ticks {
 public:
  Ticks() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    Set(kTickMicroseconds);
  }
  ~Ticks() { Set(0); }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

 private:
  static constexpr suseconds_t kTickMicroseconds = 200'000;
  static void Set(suseconds_t microseconds) {
    const itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }
};

}  // namespace

Outcome<JsonObject> RunLock(Session* session, Command* command, Deadline deadline) {
  const std::string path = command->Text("path");
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (session->lock_file >= 0) return UsageFailure("a lock is held already; unlock it first");
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  const auto io_failure = [&path] {
    return Failure{"protocol", "io", path + ": cannot be locked: " + std::strerror(errno), ""};
  };
  if (file < 0) return io_failure();

  bool waited = false;
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    waited = true;
    session->notify(JsonObject().Text("notice", "waiting-for-lock").Text("path", path));
    const Ticks ticks;
    while (flock(file, LOCK_EX) != 0) {
      const bool stopped = StopSignal() != 0;
      if (errno == EINTR && !stopped && !deadline.Passed()) continue;
      const Failure failure =
          errno != EINTR
              ? io_failure()
              : Failure{"protocol", stopped ? "exited" : "timeout",
                        path + ": somebody else held the lock until the time was up", ""};
      close(file);
      return failure;
    }
  }
  session->lock_file = file;
  return JsonObject().Bool("waited", waited);
}

Outcome<JsonObject> RunUnlock(Session* session, Command* command, Deadline) {
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (session->lock_file >= 0) close(session->lock_file);
  session->lock_file = -1;
  return JsonObject();
}

}  // namespace annsmith::harness
