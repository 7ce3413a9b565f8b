#include "harness/search_process.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "harness/futex.h"
#include "harness/process_facts.h"
#include "harness/query_cipher.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

constexpr int64_t kWatchNs = 50'000'000;
constexpr const char* kStage = "search";
// Of the time that a search is expected to take, how much passes before the supervisor stays awake,
// and how long it stays awake beyond it.
constexpr double kBlockedShare = 0.95;
constexpr double kAwakeBeyondShare = 0.1;
constexpr int64_t kWakeUpNs = 200'000;

// Random each time: the keys that a candidate has been handed must not tell it the next.
uint64_t DrawKey() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

}  // namespace

Outcome<std::unique_ptr<SearchProcess>> SearchProcess::Start(HostProcess* host, uint32_t k,
                                                             uint32_t ef, Options options,
                                                             Deadline deadline) {
  const bool sanitized = host->settings().sanitizer != Sanitizer::kNone;
  const bool deny_clock = options.deny_clock && options.slow == 0 && !sanitized;
  const uint32_t flags = (deny_clock ? kDenyClock : 0) | (sanitized ? 0 : kDenyCalls);
  // The process counts hand-overs from the words as it finds them, and reports in a clean reply.
  if (!host->area().Clear()) {
    return host->Fail(kStage, "io",
                      std::string("shared memory cannot be emptied: ") + std::strerror(errno));
  }
  auto answer = host->Obey(Order::kSearch, flags, kStage, deadline);
  if (!answer.ok()) return answer.failure();
  if (auto idle = host->CheckIdle(kStage); !idle.ok()) return idle.failure();
  const pid_t pid = answer.value().pid;
  if (pid <= 0 || !host->children().Knows(pid)) {
    return host->Fail(kStage, "exited", "the process named a search process that does not exist");
  }
  PinTo(pid, {host->cores().search});
  std::unique_ptr<SearchProcess> process(new SearchProcess(host, k, ef, options.slow, pid));
  auto ready = process->Run(Task::kSetUp, 0, options.slots, Wait::kBlock, deadline);
  if (!ready.ok()) return ready.failure();
  return process;
}

SearchProcess::~SearchProcess() {
  kill(pid_, SIGKILL);
  host_->children().WaitFor(pid_);
  host_->children().Forget(pid_);
}

Result SearchProcess::Place(const Dataset& data, const uint64_t* rows, uint32_t count,
                            Deadline deadline) {
  return PlaceHidden(data, rows, count, count, deadline);
}

Result SearchProcess::PlaceHidden(const Dataset& data, const uint64_t* rows, uint32_t count,
                                  uint32_t hidden_from, Deadline deadline) {
  hidden_from_ = hidden_from;
  key_ = DrawKey();
  float* queries = host_->area().queries();
  for (uint32_t i = 0; i < count; ++i, queries += data.dim()) {
    const float* query = data.query_row(rows[i]);
    if (i < hidden_from) {
      std::memcpy(queries, query, data.dim() * sizeof(float));
    } else {
      CipherQuery(queries, query, data.dim(), key_, i);
    }
  }
  return TakeIn(count, deadline);
}

Result SearchProcess::PlaceValues(const std::vector<float>& queries, uint32_t count,
                                  Deadline deadline) {
  hidden_from_ = count;
  std::memcpy(host_->area().queries(), queries.data(), queries.size() * sizeof(float));
  return TakeIn(count, deadline);
}

Result SearchProcess::TakeIn(uint32_t count, Deadline deadline) {
  EmptyAnswers(count);
  auto loaded = Run(Task::kLoad, 0, count, Wait::kBlock, deadline);
  if (!loaded.ok()) return loaded.failure();
  return Nothing{};
}

void SearchProcess::EmptyAnswers(uint32_t count) const {
  const SharedArea& area = host_->area();
  std::fill_n(area.statuses(), count, std::numeric_limits<int32_t>::min());
  std::fill_n(area.ids(), size_t{count} * k_, ANNSMITH_NO_ID);
  std::fill_n(area.distances(), size_t{count} * k_, std::nanf(""));
}

Outcome<double> SearchProcess::Search(uint32_t first, uint32_t count, Deadline deadline) {
  return Run(Task::kSearch, first, count, Wait::kBlock, deadline);
}

Outcome<double> SearchProcess::SearchWatched(uint32_t first, uint32_t count, Deadline deadline) {
  return Run(Task::kSearch, first, count, Wait::kWatch, deadline);
}

Outcome<double> SearchProcess::SearchSpinning(uint32_t slot, Deadline deadline) {
  return Run(Task::kSpin, slot, 1, Wait::kSpin, deadline);
}

Outcome<double> SearchProcess::SearchBare(uint32_t first, uint32_t count, Deadline deadline) {
  auto ran = Run(Task::kBare, first, count, Wait::kBlock, deadline);
  if (!ran.ok()) return ran;
  // The process's own word, but it cannot be longer than what we saw.
  const double own = Seconds(host_->area().reply().bare_ns);
  return std::clamp(own, 0.0, ran.value());
}

Result SearchProcess::Join(uint32_t first, uint32_t count, Deadline deadline) {
  auto joined = Run(Task::kJoin, first, count, Wait::kBlock, deadline);
  if (!joined.ok()) return joined.failure();
  return Nothing{};
}

Outcome<double> SearchProcess::Run(Task task, uint32_t first, uint32_t count, Wait wait,
                                   Deadline deadline) {
  Request& request = host_->area().request();
  request.task = static_cast<uint32_t>(task);
  request.first = first;
  request.count = count;
  request.k = k_;
  request.ef = ef_;
  request.slow = slow_;
  request.key = first >= hidden_from_ ? key_ : 0;
  const uint32_t number = ++number_;
  WakeOnSignal wake(&host_->area().reply().number);

  const bool foreseen = task == Task::kSearch && wait == Wait::kBlock;
  const int64_t start = MonotonicNs();
  request.number.store(number, std::memory_order_release);
  if (!spins_) FutexWake(request.number);
  const double expected_ns = foreseen ? seconds_per_query_ * count * 1e9 : 0;
  auto done = Await(number, wait, static_cast<int64_t>(expected_ns), deadline);
  const int64_t end = MonotonicNs();
  if (!done.ok()) return done.failure();
  spins_ = spins_ || task == Task::kSpin;
  if (foreseen) seconds_per_query_ = Seconds(end - start) / count;
  return Seconds(end - start);
}

// Looks at the reply until it changes or `until_ns`; true when it changed.
bool SearchProcess::WaitAwake(uint32_t number, int64_t until_ns) const {
  const std::atomic<uint32_t>& word = host_->area().reply().number;
  const uint32_t before = number - 1;
  while (MonotonicNs() < until_ns) {
    if (word.load(std::memory_order_acquire) != before) return true;
    Relax();
  }
  return false;
}

Result SearchProcess::Await(uint32_t number, Wait wait, int64_t expected_ns, Deadline deadline) {
  std::atomic<uint32_t>& word = host_->area().reply().number;
  constexpr uint32_t kSpinsBetweenLooks = 1 << 12;
  if (expected_ns > 0) {
    const int64_t now = MonotonicNs();
    const int64_t expected = now + expected_ns;
    const int64_t wake = now + static_cast<int64_t>(kBlockedShare * expected_ns) - kWakeUpNs;
    const uint32_t before = number - 1;
    if (wake > now) FutexWait(word, before, std::min(deadline.at_ns, wake));
    const int64_t beyond = static_cast<int64_t>(kAwakeBeyondShare * expected_ns) + kWakeUpNs;
    WaitAwake(number, std::min(deadline.at_ns, expected + beyond));
  }
  for (uint32_t spins = 1;; ++spins) {
    const uint32_t value = word.load(std::memory_order_acquire);
    if ((value & ~kSignalBit) == number) return Nothing{};
    if (wait == Wait::kSpin && (value & kSignalBit) == 0 && spins % kSpinsBetweenLooks != 0)
      continue;
    if ((value & kSignalBit) != 0) word.fetch_and(~kSignalBit);
    if (auto around = LookAround(deadline); !around.ok()) return around;
    if (wait == Wait::kSpin || (value & kSignalBit) != 0) continue;
    if (wait == Wait::kWatch) {
      if (auto memory = host_->CheckMemory(kStage, pid_); !memory.ok()) return memory;
      FutexWait(word, value, std::min(deadline.at_ns, MonotonicNs() + kWatchNs));
    } else {
      FutexWait(word, value, deadline.at_ns);
    }
  }
}

Result SearchProcess::LookAround(Deadline deadline) {
  if (StopSignal() != 0) return host_->Fail(kStage, "exited", "the harness was told to stop");
  if (TakeChildEvent()) host_->children().Reap();
  for (const pid_t pid : {pid_, host_->pid()}) {
    const auto status = host_->children().StatusOf(pid);
    if (status) return host_->ExplainDeath(kStage, *status);
  }
  if (deadline.Passed()) {
    return host_->Fail(kStage, "timeout", "a search did not end in the time it was given");
  }
  return Nothing{};
}

Answers SearchProcess::Copy(uint32_t first, uint32_t count) const {
  const SharedArea& area = host_->area();
  const size_t from = size_t{first} * k_;
  const size_t values = size_t{count} * k_;
  Answers answers;
  answers.statuses.assign(area.statuses() + first, area.statuses() + first + count);
  answers.ids.assign(area.ids() + from, area.ids() + from + values);
  answers.distances.assign(area.distances() + from, area.distances() + from + values);
  return answers;
}

std::string SearchProcess::ErrorText() const {
  const Reply& reply = host_->area().reply();
  char text[sizeof(reply.error_text) + 1] = {};
  std::memcpy(text, reply.error_text, sizeof(reply.error_text));
  return text;
}

}  // namespace annsmith::harness
