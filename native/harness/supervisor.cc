#include "harness/supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "harness/commands.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

constexpr uint64_t kDefaultTimeoutMs = 600'000;
constexpr uint64_t kLongestTimeoutMs = uint64_t{30} * 24 * 3600 * 1000;
constexpr size_t kLongestLine = 1 << 20;

const std::map<std::string, Handler>& Handlers() {
  static const std::map<std::string, Handler> handlers = {
      {"hello", RunHello},   {"lock", RunLock},       {"unlock", RunUnlock},
      {"data", RunData},     {"open", RunOpen},       {"answer", RunAnswer},
      {"round", RunRound},   {"latency", RunLatency}, {"overhead", RunOverhead},
      {"memory", RunMemory}, {"close", RunClose},     {"throughput", RunThroughput}};
  return handlers;
}

class LineReader {
 public:
  // The next line of standard input without its end; false at the end of input or when a signal
  // says stop.
  bool Next(std::string* line) {
    for (;;) {
      const size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        *line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      if (StopSignal() != 0 || buffer_.size() > kLongestLine) return false;
      pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {SignalPipe(), POLLIN, 0}};
      if (poll(files, 2, -1) < 0 && errno != EINTR) return false;
      DrainSignalPipe();
      if ((files[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      char bytes[4096];
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return false;
      buffer_.append(bytes, static_cast<size_t>(got));
    }
  }

 private:
  std::string buffer_;
};

void WriteLine(const JsonObject& json) {
  const std::string line = json.str() + "\n";
  for (size_t at = 0; at < line.size();) {
    const ssize_t written = write(STDOUT_FILENO, line.data() + at, line.size() - at);
    if (written > 0) {
      at += static_cast<size_t>(written);
    } else if (errno == EAGAIN) {
      pollfd output = {STDOUT_FILENO, POLLOUT, 0};
      poll(&output, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody reads any more; the end of input or SIGIO says so too
    }
  }
}

class Supervisor {
 public:
  Supervisor() {
    session_.cores = ChooseCores();
    PinTo(0, {session_.cores.supervisor});
    session_.notify = [this](const JsonObject& notice) { WriteLine(WithId(notice)); };
  }

  int Serve() {
    LineReader reader;
    for (std::string line; StopSignal() == 0 && reader.Next(&line);) {
      if (TakeChildEvent()) session_.children.Reap();
      auto parsed = Command::Parse(line);
      id_.reset();
      if (!parsed.ok()) {
        WriteFailure(parsed.failure());
        continue;
      }
      Command& command = parsed.value();
      if (command.Has("id")) id_ = command.Integer("id", 0, UINT32_MAX);
      if (command.verb() == "quit") {
        CloseAll();
        WriteLine(WithId(JsonObject().Bool("ok", true)));
        break;
      }
      Run(&command);
    }
    CloseAll();
    return StopSignal() == 0 ? 0 : 128 + StopSignal();
  }

 private:
  void Run(Command* command) {
    // How long somebody else measures is not for us to say.
    const uint64_t fallback = command->verb() == "lock" ? kLongestTimeoutMs : kDefaultTimeoutMs;
    const uint64_t timeout_ms = command->IntegerOr("timeoutMs", 1, kLongestTimeoutMs, fallback);
    const auto handler = Handlers().find(command->verb());
    if (handler == Handlers().end()) {
      return WriteFailure(UsageFailure("there is no command \"" + command->verb() + "\""));
    }
    auto reply = handler->second(&session_, command, Deadline::InMilliseconds(timeout_ms));
    if (reply.ok()) return WriteLine(WithId(JsonObject().Bool("ok", true).Merge(reply.value())));
    // Before the reply, so that whoever reads it finds no process of that side.
    if (!reply.failure().side.empty()) session_.Slot(reply.failure().side).reset();
    WriteFailure(reply.failure());
  }

  void WriteFailure(const Failure& failure) {
    JsonObject json;
    json.Bool("ok", false).Text("stage", failure.stage).Text("reason", failure.reason);
    json.Text("detail", failure.detail);
    if (!failure.side.empty()) json.Text("side", failure.side);
    WriteLine(WithId(json));
  }

  JsonObject WithId(const JsonObject& fields) const {
    JsonObject json;
    if (id_) json.Integer("id", *id_);
    return json.Merge(fields);
  }

  void CloseAll() {
    session_.a.reset();
    session_.b.reset();
  }

  Session session_;
  std::optional<uint64_t> id_;
};

}  // namespace

int RunSupervisor() {
  // What a side leaves behind becomes our child, to be found and ended.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  InstallSupervisorSignals();
  return Supervisor().Serve();
}

}  // namespace annsmith::harness
