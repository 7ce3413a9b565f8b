#include "harness/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "harness/call_numbers.h"
#include "harness/command.h"
#include "harness/death_report.h"
#include "harness/process_facts.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

constexpr size_t kErrorTextBytes = 4096;
// The cause stands at the top of a sanitizer's long report.
constexpr size_t kSanitizerTextBytes = 64 * 1024;
constexpr int kWatchMs = 50;
// Beside the index: the C library's arenas (64 MiB of address space for each thread), stacks,
// libraries.
constexpr uint64_t kAddressSlack = uint64_t{512} << 20;
constexpr uint64_t kAddressPerThread = uint64_t{80} << 20;
constexpr uint64_t kFileBytes = uint64_t{8} << 30;
// Forking a large process takes some of it.
constexpr double kIdleCpuSeconds = 0.5;

std::string Field(const char* key, const std::string& value) {
  return std::string(key) + "=" + PercentEncode(value);
}

uint64_t AddressBytes(const HostSettings& settings) {
  if (settings.memory_bytes == 0 || settings.sanitizer != Sanitizer::kNone) return 0;
  // The queries are in shared memory and once more in the search process.
  return settings.memory_bytes + settings.base_bytes + 2 * SharedArea::Bytes(settings.dim) +
         kAddressSlack + kAddressPerThread * settings.threads;
}

// The executable of the host: this program, or its sibling that was built with a sanitizer.
std::string HostExecutable(Sanitizer sanitizer) {
  if (sanitizer == Sanitizer::kNone) return "/proc/self/exe";
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0 || static_cast<size_t>(length) == sizeof(path)) return "";
  const std::string self(path, static_cast<size_t>(length));
  return self + (sanitizer == Sanitizer::kAddress ? "-asan" : "-tsan");
}

std::vector<std::string> HostEnvironment(Sanitizer sanitizer) {
  if (sanitizer == Sanitizer::kAddress) {
    return {"ASAN_OPTIONS=detect_leaks=0:handle_abort=0", "UBSAN_OPTIONS=print_stacktrace=1"};
  }
  if (sanitizer == Sanitizer::kThread) return {"TSAN_OPTIONS=halt_on_error=1"};
  return {};
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

HostProcess::HostProcess(const HostSettings& settings, const Cores& cores, Children* children)
    : settings_(settings), cores_(cores), children_(children) {}

Outcome<std::unique_ptr<HostProcess>> HostProcess::Start(const HostSettings& settings,
                                                         const Cores& cores, Children* children) {
  std::unique_ptr<HostProcess> host(new HostProcess(settings, cores, children));
  if (auto spawned = host->Spawn(); !spawned.ok()) return spawned.failure();
  return host;
}

HostProcess::~HostProcess() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    // Not reaped before the group is gone, so that the number cannot mean another group.
    for (const pid_t member : ProcessesOfGroup(pid_)) {
      kill(member, SIGKILL);
      if (member != pid_ && children_->Knows(member)) {
        children_->WaitFor(member);
        children_->Forget(member);
      }
    }
    children_->WaitFor(pid_);
    children_->Forget(pid_);
    children_->Reap();
  }
  for (const int file : {control_, shared_file_, export_file_, error_pipe_}) {
    if (file >= 0) close(file);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Failure HostProcess::Fail(const char* stage, const char* reason, const std::string& detail) const {
  return {stage, reason, detail, settings_.side};
}

// What one process leaves in files must not save work to the next, whose build is timed.
Result HostProcess::MakeFolder() {
  std::string pattern = settings_.scratch + "/side-" + settings_.side + "-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    return Fail("load", "io", pattern + " cannot be made: " + std::strerror(errno));
  }
  folder_ = pattern;
  return Nothing{};
}

Result HostProcess::Spawn() {
  if (auto made = MakeFolder(); !made.ok()) return made;
  const std::string executable = HostExecutable(settings_.sanitizer);
  if (access(executable.c_str(), X_OK) != 0) {
    return Fail(
        "load", "io",
        executable + " is missing: build the native parts with a compiler that has this sanitizer");
  }
  auto shared = SharedArea::CreateFile(settings_.dim);
  if (!shared.ok()) return Fail("load", "io", shared.failure().detail);
  shared_file_ = shared.value();
  auto area = SharedArea::Map(shared_file_, settings_.dim);
  if (!area.ok()) return Fail("load", "io", area.failure().detail);
  area_ = std::move(area.value());
  if (settings_.exports) {
    export_file_ = memfd_create("annsmith-graph", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }

  int control[2];
  int errors[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
    return Fail("load", "io", std::string("socketpair: ") + std::strerror(errno));
  }
  // Not blocking at either end: a candidate that floods it loses text and is not held up.
  if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0) {
    close(control[0]);
    close(control[1]);
    return Fail("load", "io", std::string("pipe: ") + std::strerror(errno));
  }
  const pid_t supervisor = getpid();
  pid_ = fork();
  if (pid_ == 0) Exec(control[1], errors[1], supervisor);
  const int error = errno;
  close(control[1]);
  close(errors[1]);
  control_ = control[0];
  error_pipe_ = errors[0];
  if (pid_ < 0) return Fail("load", "io", std::string("fork: ") + std::strerror(error));
  setpgid(pid_, pid_);
  return Nothing{};
}

void HostProcess::Exec(int control, int stderr_pipe, pid_t supervisor) const {
  setpgid(0, 0);
  PinTo(0, settings_.threads > 1 ? cores_.allowed : std::vector<int>{cores_.search});
  // Handlers go with exec; what is ignored stays ignored, and a host must not survive a write to
  // nowhere.
  signal(SIGPIPE, SIG_DFL);

  // First out of the way of the numbers they are to get.
  const int high_control = fcntl(control, F_DUPFD, 16);
  const int high_shared = fcntl(shared_file_, F_DUPFD, 16);
  const int high_export = export_file_ < 0 ? -1 : fcntl(export_file_, F_DUPFD, 16);
  dup2(stderr_pipe, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(high_control, kControlDescriptor);
  dup2(high_shared, kSharedDescriptor);
  int last = kSharedDescriptor;
  if (high_export >= 0) last = dup2(high_export, kExportDescriptor);
  if (syscall(kCloseRange, last + 1, ~0U, 0) != 0) {
    constexpr int kMostDescriptors = 4096;
    for (int file = last + 1; file < kMostDescriptors; ++file) close(file);
  }

  const auto number = [](uint64_t value) { return std::to_string(value); };
  std::vector<std::string> arguments = {
      "annsmith-harness",
      "host",
      Field("lib", settings_.library),
      Field("base", settings_.base),
      Field("params", settings_.params),
      Field("scratch", folder_),
      Field("rows", number(settings_.rows)),
      Field("threads", number(settings_.threads)),
      Field("metric", number(static_cast<uint64_t>(settings_.metric))),
      Field("supervisor", number(static_cast<uint64_t>(supervisor))),
      Field("addressBytes", number(AddressBytes(settings_))),
      Field("cpuSeconds", number(settings_.cpu_seconds)),
      Field("fileBytes", number(kFileBytes)),
      Field("sanitized", number(static_cast<uint64_t>(settings_.sanitizer))),
      Field("strict", number(settings_.strict ? 1 : 0))};
  if (!settings_.graph.empty()) arguments.push_back(Field("graph", settings_.graph));
  std::vector<std::string> environment = HostEnvironment(settings_.sanitizer);
  execve(HostExecutable(settings_.sanitizer).c_str(), Pointers(&arguments).data(),
         Pointers(&environment).data());
  dprintf(STDERR_FILENO, "the index host cannot be started: %s\n", std::strerror(errno));
  _exit(127);
}

Outcome<AnswerMessage> HostProcess::Obey(Order order, uint32_t flags, const char* stage,
                                         Deadline deadline) {
  const OrderMessage message = {kControlMagic, order, flags, 0};
  // A failed send means that the host is gone; the wait below finds out how.
  send(control_, &message, sizeof(message), MSG_NOSIGNAL);
  for (;;) {
    DrainErrorText();
    if (StopSignal() != 0) return Fail(stage, "exited", "the harness was told to stop");
    if (TakeChildEvent()) children_->Reap();
    pollfd files[] = {{control_, POLLIN, 0}, {SignalPipe(), POLLIN, 0}};
    const int wait_ms = static_cast<int>(std::min<int64_t>(kWatchMs, deadline.LeftMs()));
    const int ready = poll(files, 2, wait_ms);
    DrainSignalPipe();
    if (ready > 0 && (files[0].revents & (POLLIN | POLLHUP)) != 0) {
      auto answer = Receive(order, stage);
      if (answer.ok() || answer.failure().reason != "exited") return answer;
      return AfterHangUp(stage);
    }
    if (deadline.Passed()) {
      return Fail(stage, "timeout", std::string(stage) + " did not end in the time it was given");
    }
    if (auto watched = Watch(order, stage); !watched.ok()) return watched.failure();
  }
}

// The other end of the channel is closed: the process is dying, or it closed a descriptor that is
// not its own.
Failure HostProcess::AfterHangUp(const char* stage) {
  const Deadline grace = Deadline::InMilliseconds(1000);
  for (children_->Reap(); !children_->StatusOf(pid_) && !grace.Passed(); children_->Reap()) {
    pollfd signals = {SignalPipe(), POLLIN, 0};
    poll(&signals, 1, kWatchMs);
    DrainSignalPipe();
  }
  const auto status = children_->StatusOf(pid_);
  if (!status) return Fail(stage, "exited", "the process closed the channel of the harness");
  return ExplainDeath(stage, *status);
}

Outcome<AnswerMessage> HostProcess::Receive(Order order, const char* stage) const {
  AnswerMessage answer;
  const ssize_t got = recv(control_, &answer, sizeof(answer), MSG_DONTWAIT);
  if (got <= 0) return Fail(stage, "exited", "");
  if (got != sizeof(answer) || answer.magic != kControlMagic || answer.order != order) {
    return Fail(stage, "syscall",
                "the process wrote something of its own to the channel of the harness");
  }
  answer.reason[sizeof(answer.reason) - 1] = '\0';
  answer.text[sizeof(answer.text) - 1] = '\0';
  if (answer.failed == 0) return answer;
  for (const char* reason : {"abi", "graph", "io", "memory", "status"}) {
    if (std::strcmp(answer.reason, reason) == 0) return Fail(stage, reason, answer.text);
  }
  return Fail(stage, "status", answer.text);
}

Result HostProcess::Watch(Order order, const char* stage) const {
  if (auto memory = CheckMemory(stage, pid_); !memory.ok()) return memory.failure();
  if (order != Order::kBuild) return Nothing{};
  const unsigned threads = ThreadCount(pid_);
  if (threads <= ThreadsAtRest() + settings_.threads) return Nothing{};
  return Fail(stage, "threads",
              "annsmith_build() has started " + std::to_string(threads - ThreadsAtRest()) +
                  " threads; it was called with threads = " + std::to_string(settings_.threads));
}

Result HostProcess::CheckIdle(const char* stage) {
  // A sanitizer's run-time has work of its own.
  if (settings_.sanitizer != Sanitizer::kNone) return Nothing{};
  const double now = CpuSeconds(pid_);
  const double used = now - idle_since_cpu_seconds_;
  const bool first = idle_since_cpu_seconds_ < 0;
  idle_since_cpu_seconds_ = now;
  if (first || used <= kIdleCpuSeconds) return Nothing{};
  return Fail(stage, "lazy",
              "the process used " + std::to_string(used) +
                  " s of CPU time after annsmith_prepare() had returned");
}

Result HostProcess::CheckMemory(const char* stage, pid_t pid) const {
  if (settings_.memory_bytes == 0) return Nothing{};
  const uint64_t bytes = AnonymousBytes(pid);
  if (bytes <= settings_.memory_bytes) return Nothing{};
  return Fail(stage, "memory",
              "the process holds " + std::to_string(bytes >> 20) + " MiB, more than the " +
                  std::to_string(settings_.memory_bytes >> 20) + " MiB it may");
}

uint64_t HostProcess::HeldBytes() const {
  return AnonymousBytes(pid_) + SwappedBytes(pid_) + MappedBytes(pid_, folder_ + "/");
}

Failure HostProcess::ExplainDeath(const char* stage, int status) {
  DrainErrorText();
  Death death;
  death.status = status;
  death.in_search = std::strcmp(stage, "search") == 0;
  death.error_text = error_text_;
  death.sanitized = settings_.sanitizer != Sanitizer::kNone;
  TakeFaultNotes(&area_.reply(), &death);
  Failure failure = harness::ExplainDeath(death);
  failure.stage = stage;
  failure.side = settings_.side;
  return failure;
}

void HostProcess::DrainErrorText() {
  char bytes[4096];
  for (;;) {
    const ssize_t got = read(error_pipe_, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    error_text_.append(bytes, static_cast<size_t>(got));
    const size_t most =
        settings_.sanitizer == Sanitizer::kNone ? kErrorTextBytes : kSanitizerTextBytes;
    if (error_text_.size() > most) error_text_.erase(0, error_text_.size() - most);
  }
}

}  // namespace annsmith::harness
