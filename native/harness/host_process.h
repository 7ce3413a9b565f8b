#ifndef ANNSMITH_HARNESS_HOST_PROCESS_H_
#define ANNSMITH_HARNESS_HOST_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "harness/children.h"
#include "harness/control.h"
#include "harness/cores.h"
#include "harness/failure.h"
#include "harness/monotonic.h"
#include "harness/shared_area.h"

namespace annsmith::harness {

// Which build of this program runs as the host: the sanitizers' run-time has to be there before the
// library is.
enum class Sanitizer { kNone = 0, kAddress = 1, kThread = 2 };

struct HostSettings {
  std::string side;  // "a" or "b"
  std::string library;
  std::string params;
  std::string graph;    // to import; empty: build
  std::string scratch;  // each process gets an empty folder of its own in there, for its life
  std::string base;
  int metric = 0;
  uint32_t dim = 0;
  uint64_t rows = 0;
  uint64_t base_bytes = 0;
  unsigned threads = 1;
  uint64_t memory_bytes = 0;  // 0: no limit
  uint64_t cpu_seconds = 0;
  Sanitizer sanitizer = Sanitizer::kNone;
  bool exports = false;  // a graph will be asked for
  bool strict = false;   // what nothing that builds an index needs ends the process
};

// The supervisor's handle on one index host and everything below it. Every process of a side is in
// one process group, which its members cannot leave; destruction kills the group and waits for it.
// Not thread-safe.
class HostProcess {
 public:
  static Outcome<std::unique_ptr<HostProcess>> Start(const HostSettings& settings,
                                                     const Cores& cores, Children* children);
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  // Gives one order and waits for its answer, watching memory, threads, the deadline and signals
  // meanwhile. `stage` names the work in a failure.
  Outcome<AnswerMessage> Obey(Order order, uint32_t flags, const char* stage, Deadline deadline);

  // Why a process of this side that ended with this wait status did so, in words.
  Failure ExplainDeath(const char* stage, int status);
  Failure Fail(const char* stage, const char* reason, const std::string& detail) const;
  // The failure of a side that uses more than its limit right now, if it does. Cheap.
  Result CheckMemory(const char* stage, pid_t pid) const;
  // What the index takes: memory that no file backs, wherever the kernel keeps it, and what a file
  // of the index's own backs, touched or not.
  uint64_t HeldBytes() const;

  pid_t pid() const { return pid_; }
  const HostSettings& settings() const { return settings_; }
  const SharedArea& area() const { return area_; }
  Children& children() const { return *children_; }
  const Cores& cores() const { return cores_; }
  // The memfd that an export fills; -1 where none was announced.
  int export_file() const { return export_file_; }
  // Work that is done now, beside any order, would be charged to nothing. The first call says that
  // the process is ready; a later one fails when it has used CPU time since the last.
  Result CheckIdle(const char* stage);
  // Threads that the process may have at rest: a thread sanitizer keeps one of its own.
  unsigned ThreadsAtRest() const { return settings_.sanitizer == Sanitizer::kThread ? 2 : 1; }

 private:
  HostProcess(const HostSettings& settings, const Cores& cores, Children* children);
  Result Spawn();
  Result MakeFolder();
  [[noreturn]] void Exec(int control, int stderr_pipe, pid_t supervisor) const;
  Outcome<AnswerMessage> Receive(Order order, const char* stage) const;
  Failure AfterHangUp(const char* stage);
  Result Watch(Order order, const char* stage) const;
  void DrainErrorText();

  const HostSettings settings_;
  const Cores& cores_;
  Children* const children_;
  pid_t pid_ = -1;
  int control_ = -1;
  int shared_file_ = -1;
  int export_file_ = -1;
  int error_pipe_ = -1;
  std::string folder_;
  double idle_since_cpu_seconds_ = -1;
  std::string error_text_;  // the end of what the side's processes wrote
  SharedArea area_;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_HOST_PROCESS_H_
