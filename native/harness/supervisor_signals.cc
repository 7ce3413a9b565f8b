#include "harness/supervisor_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace annsmith::harness {
namespace {

volatile sig_atomic_t g_stop = 0;
volatile sig_atomic_t g_child_event = 0;
std::atomic<std::atomic<uint32_t>*> g_word{nullptr};
int g_pipe[2] = {-1, -1};

void Wake() {
  if (auto* word = g_word.load()) word->fetch_or(kSignalBit);
  const char byte = 0;
  // A full pipe has woken its reader already.
  const ssize_t written = write(g_pipe[1], &byte, 1);
  (void)written;
}

void OnSignal(int signal) {
  const int saved = errno;
  if (signal == SIGCHLD) {
    g_child_event = 1;
  } else if (signal == SIGIO) {
    // Standard output changed: only a reader that is gone matters.
    pollfd output = {STDOUT_FILENO, 0, 0};
    if (poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0) g_stop = SIGHUP;
  } else {
    g_stop = signal;
  }
  Wake();
  errno = saved;
}

// A client that was killed cannot say so; its end of standard output closing does. Terminals are
// left alone, because the flag would stay on them.
void WatchStandardOutput() {
  struct stat status;
  if (fstat(STDOUT_FILENO, &status) != 0) return;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode)) return;
  fcntl(STDOUT_FILENO, F_SETOWN, getpid());
  fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_ASYNC);
}

}  // namespace

void InstallSupervisorSignals() {
  if (pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  // No SA_RESTART: what a signal interrupts looks at the flags.
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGIO})
    sigaction(signal, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  WatchStandardOutput();
}

int StopSignal() { return g_stop; }

int SignalPipe() { return g_pipe[0]; }

void DrainSignalPipe() {
  char bytes[64];
  while (read(g_pipe[0], bytes, sizeof(bytes)) > 0) {
  }
}

bool TakeChildEvent() {
  const bool had = g_child_event != 0;
  g_child_event = 0;
  return had;
}

WakeOnSignal::WakeOnSignal(std::atomic<uint32_t>* word) { g_word.store(word); }
WakeOnSignal::~WakeOnSignal() { g_word.store(nullptr); }

}  // namespace annsmith::harness
