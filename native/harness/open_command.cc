#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "harness/commands.h"
#include "harness/graph_export.h"
#include "harness/process_facts.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

struct OpenFields {
  HostSettings host;
  bool build = true;
  std::string export_path;
};

// Landlock and the host see files by the path that is real now, not by what a link may say later.
std::string RealPath(const std::string& path) {
  char real[PATH_MAX];
  return realpath(path.c_str(), real) == nullptr ? path : real;
}

Outcome<OpenFields> ReadFields(Session* session, Command* command, Deadline deadline) {
  const std::string side = command->Text("side");
  if (side != "a" && side != "b") return UsageFailure("side must be a or b");
  if (!session->data) return UsageFailure("send data before open");
  const Dataset& data = *session->data;
  OpenFields fields;
  HostSettings& host = fields.host;
  host.side = side;
  host.library = RealPath(command->Text("lib"));
  host.params = command->Text("params");
  const std::string mode = command->Text("mode");
  fields.build = mode == "build";
  if (command->Has("graph")) host.graph = RealPath(command->Text("graph"));
  fields.export_path = command->TextOr("export", "");
  host.rows = command->IntegerOr("rows", 1, data.n(), data.n());
  host.threads = static_cast<unsigned>(command->IntegerOr("threads", 1, 1024, 1));
  host.scratch = RealPath(command->Text("scratch"));
  host.memory_bytes = command->IntegerOr("memoryBytes", 0, UINT64_MAX / 4, 0);
  // Without a limit of its own: what the deadline allows all threads together, and a little.
  const uint64_t by_deadline = static_cast<uint64_t>(deadline.LeftMs() / 1000 + 60) * host.threads;
  host.cpu_seconds = command->IntegerOr("cpuSeconds", 1, UINT32_MAX, by_deadline);
  host.sanitizer = static_cast<Sanitizer>(command->IntegerOr("sanitized", 0, 2, 0));
  host.strict = command->IntegerOr("strict", 0, 1, 0) == 1;
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();

  if (mode != "build" && mode != "import")
    return UsageFailure("mode must be build or import, not \"" + mode + "\"");
  if (fields.build != host.graph.empty())
    return UsageFailure("graph is for mode=import, which needs it");
  if (!fields.build && !fields.export_path.empty()) return UsageFailure("export is for mode=build");
  if (host.strict && host.sanitizer != Sanitizer::kNone)
    return UsageFailure(
        "strict is for what is built without a sanitizer, whose run-time needs more");
  if (access(host.library.c_str(), R_OK) != 0) {
    return Failure{"load", "io", host.library + " cannot be read: build the adapter first", side};
  }
  struct stat status;
  if (stat(host.scratch.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return UsageFailure("scratch: " + host.scratch + " is not a folder");
  }
  host.base = RealPath(data.base_path());
  host.metric = data.metric();
  host.dim = data.dim();
  host.base_bytes = data.n() * data.dim() * sizeof(float);
  host.exports = !fields.export_path.empty();
  return fields;
}

std::string LockdownJson(const LockdownReport& report) {
  JsonObject json;
  json.Signed("landlock", report.landlock_abi).Bool("seccomp", report.seccomp != 0);
  json.Bool("speculationAllowed", report.speculation_allowed != 0)
      .Bool("rlimits", report.rlimits != 0);
  json.Bool("noNewPrivs", report.no_new_privs != 0).Bool("network", report.network != 0);
  json.Bool("scoped", report.scoped != 0)
      .Bool("capabilitiesDropped", report.capabilities_dropped != 0);
  return json.str();
}

struct StageCost {
  double wall_seconds = 0;
  double cpu_seconds = 0;
  double asleep_seconds = 0;  // neither running nor waiting for a core, where one thread works

  StageCost& operator+=(const StageCost& other) {
    wall_seconds += other.wall_seconds;
    cpu_seconds += other.cpu_seconds;
    asleep_seconds += other.asleep_seconds;
    return *this;
  }
};

// One order to the host with its cost, as this process and the kernel see it, and its value.
Outcome<StageCost> Timed(Session* session, HostProcess* host, Order order, const char* stage,
                         Deadline deadline, uint64_t* value = nullptr) {
  session->notify(JsonObject()
                      .Text("notice", "progress")
                      .Text("side", host->settings().side)
                      .Text("stage", stage));
  const double cpu = CpuSeconds(host->pid());
  const RunFacts before = ReadRunFacts(host->pid());
  const int64_t start = MonotonicNs();
  auto answer = host->Obey(order, 0, stage, deadline);
  const int64_t end = MonotonicNs();
  if (!answer.ok()) return answer.failure();
  if (value != nullptr) *value = answer.value().value;
  const RunFacts after = ReadRunFacts(host->pid());
  StageCost cost = {Seconds(end - start), CpuSeconds(host->pid()) - cpu, 0};
  if (host->settings().threads == 1) {
    cost.asleep_seconds =
        std::max(0.0, cost.wall_seconds - (after.run_seconds - before.run_seconds) -
                          (after.wait_seconds - before.wait_seconds));
  }
  return cost;
}

// Nothing that was started while building may be there afterwards: it would run beside the
// searches.
Result CheckAtRest(const HostProcess& host) {
  const unsigned threads = ThreadCount(host.pid());
  if (threads > host.ThreadsAtRest()) {
    return host.Fail("prepare", "threads",
                     std::to_string(threads - host.ThreadsAtRest()) +
                         " threads are alive after annsmith_prepare(); join them before "
                         "annsmith_build() returns");
  }
  const size_t processes = ProcessesOfGroup(host.pid()).size();
  if (processes > 1) {
    return host.Fail("prepare", "threads",
                     std::to_string(processes - 1) + " other processes are alive after prepare");
  }
  return Nothing{};
}

}  // namespace

Outcome<JsonObject> RunOpen(Session* session, Command* command, Deadline deadline) {
  auto read = ReadFields(session, command, deadline);
  if (!read.ok()) return read.failure();
  const OpenFields& fields = read.value();
  std::unique_ptr<HostProcess>& slot = session->Slot(fields.host.side);
  if (slot) return UsageFailure("side " + fields.host.side + " is open already; close it first");

  auto started = HostProcess::Start(fields.host, session->cores, &session->children);
  if (!started.ok()) return started.failure();
  slot = std::move(started.value());
  HostProcess* host = slot.get();
  auto locked = host->Obey(Order::kLockDown, 0, fields.build ? "load" : "import", deadline);
  if (!locked.ok()) return locked.failure();
  // Whatever is not the build is preparation, wherever a library chooses to do it.
  StageCost loading;
  for (const auto& [order, stage] :
       {std::pair(Order::kLoad, "load"), std::pair(Order::kCreate, "create")}) {
    auto done = Timed(session, host, order, stage, deadline);
    if (!done.ok()) return done.failure();
    loading += done.value();
  }
  auto built = fields.build ? Timed(session, host, Order::kBuild, "build", deadline)
                            : Timed(session, host, Order::kImport, "import", deadline);
  if (!built.ok()) return built.failure();
  std::optional<ExportedGraph> exported;
  if (!fields.export_path.empty()) {
    auto graph = ExportGraph(host, fields.export_path, deadline);
    if (!graph.ok()) return graph.failure();
    exported = graph.value();
  }
  auto prepared = Timed(session, host, Order::kPrepare, "prepare", deadline);
  if (!prepared.ok()) return prepared.failure();
  uint64_t memory = 0;
  auto counted = Timed(session, host, Order::kMemory, "prepare", deadline, &memory);
  if (!counted.ok()) return counted.failure();
  StageCost preparing = loading;
  preparing += prepared.value();
  preparing += counted.value();
  if (!fields.build) preparing += built.value();
  if (auto rest = CheckAtRest(*host); !rest.ok()) return rest.failure();
  if (auto idle = host->CheckIdle("prepare"); !idle.ok()) return idle.failure();

  const MemoryFacts facts = ReadMemoryFacts(host->pid());
  JsonObject reply;
  reply.Text("side", fields.host.side);
  reply.Number("buildWallSeconds", built.value().wall_seconds)
      .Number("buildCpuSeconds", built.value().cpu_seconds);
  reply.Number("prepareWallSeconds", preparing.wall_seconds);
  reply.Number("prepareCpuSeconds", preparing.cpu_seconds);
  reply.Number("loadCpuSeconds", loading.cpu_seconds);
  reply.Number("asleepSeconds", loading.asleep_seconds + built.value().asleep_seconds +
                                    prepared.value().asleep_seconds +
                                    counted.value().asleep_seconds);
  reply.Integer("memoryBytes", memory).Integer("rssBytes", facts.rss_bytes);
  reply.Integer("anonymousBytes", host->HeldBytes()).Integer("peakRssBytes", facts.peak_rss_bytes);
  reply.Integer("hugePageBytes", facts.huge_page_bytes)
      .Integer("threads", ThreadCount(host->pid()));
  reply.Integer("processes", ProcessesOfGroup(host->pid()).size() - 1);
  reply.Raw("lockdown", LockdownJson(locked.value().lockdown));
  if (exported) {
    reply.Raw(
        "exported",
        JsonObject().Integer("lists", exported->lists).Integer("edges", exported->edges).str());
  }
  return reply;
}

}  // namespace annsmith::harness
