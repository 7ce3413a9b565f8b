#include <algorithm>
#include <cmath>

#include "harness/answer_check.h"
#include "harness/commands.h"
#include "harness/futex.h"
#include "harness/search_process.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

// More passes than the last span says are needed, so that one more span rarely is.
constexpr double kMargin = 1.1;
constexpr double kWarmUpShare = 0.1;
constexpr uint32_t kMostPasses = 1 << 24;
// Rare enough to cost the worker on the supervisor's core nothing that shows.
constexpr int64_t kWatchNs = 100'000'000;

// The search processes of one side that work at the same time, each on a core of its own. An index
// answers one search at a time, so there is one process for each thread asked for; they share the
// pages of the index they were forked from.
class Workers {
 public:
  Workers(HostProcess* host, uint32_t k, uint32_t ef) : host_(host), k_(k), ef_(ef) {}

  // Worker w takes `share` rows from w * share on. All wait for the common start afterwards.
  Result Start(const Dataset& data, const std::vector<uint64_t>& rows, uint32_t workers,
               uint32_t share, Deadline deadline) {
    const std::vector<int>& cores = host_->cores().allowed;
    for (uint32_t w = 0; w < workers; ++w) {
      auto started = SearchProcess::Start(host_, k_, ef_, {share}, deadline);
      if (!started.ok()) return started.failure();
      processes_.push_back(std::move(started.value()));
      SearchProcess& process = *processes_.back();
      // From the last core on: the supervisor has the first.
      const int core = cores[cores.size() - 1 - w];
      if (!PinTo(process.pid(), {core})) {
        return host_->Fail("search", "syscall",
                           "a search process cannot be pinned to core " + std::to_string(core));
      }
      const uint64_t* first = rows.data() + size_t{w} * share;
      if (auto placed = process.Place(data, first, share, deadline); !placed.ok()) return placed;
      if (auto joined = process.Join(w * share, share, deadline); !joined.ok()) return joined;
    }
    processes_.front()->EmptyAnswers(workers * share);
    return Nothing{};
  }

  // Seconds from the common start to the end of the last worker, each having answered its share
  // `passes` times.
  Outcome<double> Answer(uint32_t passes, Deadline deadline) {
    CommonStart& start = host_->area().common_start();
    const uint32_t workers = static_cast<uint32_t>(processes_.size());
    WakeOnSignal wake(&start.done);
    start.done.store(0);
    // A death before the store above has left its flag, one after it also sets the bit.
    if (auto around = LookAround(deadline); !around.ok()) return around.failure();
    start.passes = passes;
    start.processes = workers;
    const int64_t from = MonotonicNs();
    start.number.fetch_add(1, std::memory_order_release);
    FutexWake(start.number, static_cast<int>(workers));
    for (;;) {
      const uint32_t value = start.done.load(std::memory_order_acquire);
      if ((value & ~kSignalBit) == workers) break;
      if ((value & kSignalBit) != 0) start.done.fetch_and(~kSignalBit);
      if (auto around = LookAround(deadline); !around.ok()) return around.failure();
      if ((value & kSignalBit) != 0) continue;
      FutexWait(start.done, value, std::min(deadline.at_ns, MonotonicNs() + kWatchNs));
    }
    return Seconds(MonotonicNs() - from);
  }

  Answers Copy(uint32_t count) const { return processes_.front()->Copy(0, count); }
  std::string ErrorText() const { return processes_.front()->ErrorText(); }

 private:
  Result LookAround(Deadline deadline) const {
    for (const auto& process : processes_) {
      if (auto around = process->LookAround(deadline); !around.ok()) return around;
      auto memory = host_->CheckMemory("search", process->pid());
      if (!memory.ok()) return memory;
    }
    return Nothing{};
  }

  HostProcess* const host_;
  const uint32_t k_;
  const uint32_t ef_;
  std::vector<std::unique_ptr<SearchProcess>> processes_;
};

struct Span {
  uint32_t passes = 1;
  double seconds = 0;
};

uint32_t PassesFor(double seconds, const Span& seen) {
  const double passes = std::ceil(kMargin * seconds / seen.seconds * seen.passes);
  return static_cast<uint32_t>(std::clamp<double>(passes, 1, kMostPasses));
}

// One span of whole passes that takes as long as wanted, begun anew with more where it did not.
Outcome<Span> AnswerFor(Workers* workers, double least_seconds, uint32_t passes,
                        Deadline deadline) {
  for (Span span = {passes, 0};; span.passes = PassesFor(least_seconds, span)) {
    auto seconds = workers->Answer(span.passes, deadline);
    if (!seconds.ok()) return seconds.failure();
    span.seconds = std::max(seconds.value(), 1e-9);
    if (span.seconds >= least_seconds || span.passes == kMostPasses) return span;
  }
}

}  // namespace

Outcome<JsonObject> RunThroughput(Session* session, Command* command, Deadline deadline) {
  auto found = OpenSide(session, command);
  if (!found.ok()) return found.failure();
  HostProcess* host = found.value();
  const Dataset& data = *session->data;
  const auto [k, range] = ReadSearchFields(*session, command);
  const uint32_t ef = static_cast<uint32_t>(command->Integer("ef", 1, UINT32_MAX));
  const uint32_t threads = static_cast<uint32_t>(command->Integer("threads", 1, 1024));
  const uint64_t seed = command->Integer("seed", 0, UINT64_MAX);
  const double least_seconds = command->NumberOr("minSeconds", 1);
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (auto fits = CheckNeighbours(*session, *host, k); !fits.ok()) return fits.failure();
  const size_t cores = host->cores().allowed.size();
  if (threads > cores) {
    return UsageFailure("throughput: threads is " + std::to_string(threads) +
                        ", but this process may use " + std::to_string(cores) + " cores");
  }
  const uint64_t most = std::min<uint64_t>(range.count, SharedArea::kCapacity);
  const uint32_t share = static_cast<uint32_t>(most / threads);
  if (share == 0) {
    return UsageFailure("throughput: rows has " + std::to_string(range.count) +
                        " queries, too few for threads = " + std::to_string(threads));
  }

  const std::vector<uint64_t> rows = OrderedRows(range.start, range.count, seed);
  const uint32_t used = share * threads;
  Workers workers(host, k, ef);
  if (auto started = workers.Start(data, rows, threads, share, deadline); !started.ok()) {
    return started.failure();
  }
  // The warm-up takes the faults of memory that the fork shares, and says how many passes are enough.
  const auto warm = AnswerFor(&workers, kWarmUpShare * least_seconds, 1, deadline);
  if (!warm.ok()) return warm.failure();
  const auto span =
      AnswerFor(&workers, least_seconds, PassesFor(least_seconds, warm.value()), deadline);
  if (!span.ok()) return span.failure();

  const Answers answers = workers.Copy(used);
  AnswerCheck check(data, host->settings().rows, k);
  for (uint32_t i = 0; i < used; ++i) {
    check.Check(rows[i], answers.statuses[i], &answers.ids[size_t{i} * k],
                &answers.distances[size_t{i} * k]);
  }
  const auto [passes, seconds] = span.value();
  const uint64_t queries = uint64_t{used} * passes;
  JsonObject reply;
  reply.Integer("threads", threads).Integer("queries", queries).Number("seconds", seconds);
  reply.Number("qps", static_cast<double>(queries) / seconds).Number("recall", check.Recall());
  reply.Raw("violations", check.violations().Json());
  if (check.first()) {
    FirstViolation first = *check.first();
    if (first.kind == "status") first.error_text = workers.ErrorText();
    reply.Raw("firstViolation", first.Json());
  }
  return reply;
}

}  // namespace annsmith::harness
