#include "harness/graph_export.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/write_all.h"
#include "harness/graph_file.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

constexpr const char* kStage = "export";
constexpr int kWatchMs = 50;

// Waits for the exporting process to end; kills it at the deadline.
Result AwaitEnd(HostProcess* host, pid_t pid, Deadline deadline) {
  Children& children = host->children();
  for (children.Reap(); !children.StatusOf(pid); children.Reap()) {
    auto memory = host->CheckMemory(kStage, pid);
    const bool stop = StopSignal() != 0 || deadline.Passed() || !memory.ok();
    if (stop) {
      kill(pid, SIGKILL);
      children.WaitFor(pid);
      if (!memory.ok()) return memory;
      return host->Fail(kStage, "timeout",
                        "annsmith_export_graph() did not end in the time it was given");
    }
    pollfd signals = {SignalPipe(), POLLIN, 0};
    poll(&signals, 1, kWatchMs);
    DrainSignalPipe();
  }
  const int status = *children.StatusOf(pid);
  children.Forget(pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Nothing{};
  const Reply& reply = host->area().reply();
  char text[sizeof(reply.error_text) + 1] = {};
  std::memcpy(text, reply.error_text, sizeof(reply.error_text));
  if (WIFEXITED(status) && text[0] != '\0') return host->Fail(kStage, "graph", text);
  return host->ExplainDeath(kStage, status);
}

Result WriteFile(const HostProcess& host, const std::string& path, const uint8_t* data,
                 size_t size) {
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool good = file >= 0 && WriteAll(file, data, size) && fsync(file) == 0;
  if (file >= 0) good = close(file) == 0 && good;
  good = good && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (good) return Nothing{};
  const std::string why = std::strerror(errno);
  unlink(temporary.c_str());
  return host.Fail(kStage, "io", path + ": the graph cannot be written: " + why);
}

}  // namespace

Outcome<ExportedGraph> ExportGraph(HostProcess* host, const std::string& path, Deadline deadline) {
  auto answer = host->Obey(Order::kExport, 0, kStage, deadline);
  if (!answer.ok()) return answer.failure();
  const pid_t pid = answer.value().pid;
  if (pid <= 0 || !host->children().Knows(pid)) {
    return host->Fail(kStage, "exited",
                      "the process named an exporting process that does not exist");
  }
  if (auto ended = AwaitEnd(host, pid, deadline); !ended.ok()) return ended.failure();

  // From here on nobody can change what is checked and copied.
  const int file = host->export_file();
  struct stat status;
  if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0 ||
      fstat(file, &status) != 0) {
    return host->Fail(kStage, "io",
                      std::string("the exported graph cannot be sealed: ") + std::strerror(errno));
  }
  const size_t size = static_cast<size_t>(status.st_size);
  void* memory = mmap(nullptr, std::max<size_t>(size, 1), PROT_READ, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    return host->Fail(kStage, "io",
                      std::string("the exported graph cannot be read: ") + std::strerror(errno));
  }
  const uint8_t* data = static_cast<const uint8_t*>(memory);
  GraphView view = {};
  Result result = Nothing{};
  if (const auto wrong = ReadGraph(data, size, &view)) {
    result = host->Fail(kStage, "graph", "the exported graph is wrong: " + *wrong);
  } else if (view.graph.n != host->settings().rows) {
    result = host->Fail(kStage, "graph",
                        "the exported graph has " + std::to_string(view.graph.n) + " nodes for " +
                            std::to_string(host->settings().rows) + " vectors");
  } else {
    result = WriteFile(*host, path, data, size);
  }
  munmap(memory, std::max<size_t>(size, 1));
  if (!result.ok()) return result.failure();
  return ExportedGraph{view.lists, view.edges};
}

}  // namespace annsmith::harness
