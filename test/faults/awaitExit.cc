// Waits until every process named by its arguments has ended, at most so many milliseconds: awaitExit MS PID...
// Prints those that have not.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc < 2) return 2;
  const auto end = Clock::now() + std::chrono::milliseconds(atol(argv[1]));
  int left = 0;
  for (int i = 2; i < argc; ++i) {
    const long file = syscall(SYS_pidfd_open, static_cast<pid_t>(atol(argv[i])), 0);
    if (file < 0) continue;  // it has ended and was reaped
    pollfd ended = {static_cast<int>(file), POLLIN, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (poll(&ended, 1, wait.count() < 0 ? 0 : static_cast<int>(wait.count())) > 0) continue;
    std::printf("%s\n", argv[i]);
    ++left;
  }
  return left == 0 ? 0 : 1;
}
