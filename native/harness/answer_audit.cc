#include "harness/answer_audit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "harness/process_facts.h"

namespace annsmith::harness {
namespace {

constexpr const char* kStage = "search";
// Single queries of each kind.
constexpr uint32_t kSingles = 48;
// Noise of a twin, relative to the query's length: its neighbours are nearly the same.
constexpr double kNoise = 0.01;

// Making and touching scratch memory takes some of it: a table of marks, one for each vector.
constexpr double kEarlyFloorSeconds = 0.01;
constexpr double kEarlySecondsPerVector = 1e-8;
// A process begins with cold caches.
constexpr double kEarlyShare = 0.5;

// Honest ones are within a few per cent, so that this is out of reach for chance.
constexpr double kMemorisedRatio = 1.5;
constexpr double kHandOverSeconds = 2e-6;
// Where the machine is busy with other work, a time slice can fall on one kind of queries and not
// on the other. Chance does not do so every time; a memory of queries does.
constexpr int kMemorisedTries = 3;
constexpr double kLeastOverlap = 0.2;

constexpr uint64_t kScratchFloorBytes = uint64_t{32} << 20;
constexpr uint64_t kScratchBytesPerVector = 16;

std::vector<uint64_t> Consecutive(uint64_t from, uint64_t count) {
  return OrderedRows(from, count, 0);
}

double Median(std::vector<double>* values) {
  const auto middle = values->begin() + static_cast<ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

// Uniform noise on every component; unit vectors stay of unit length.
void AppendTwin(const Dataset& data, uint64_t row, std::mt19937* random, std::vector<float>* to) {
  const float* query = data.query_row(row);
  double square = 0;
  for (uint32_t i = 0; i < data.dim(); ++i) square += double{query[i]} * query[i];
  const double half_width = kNoise * std::sqrt(3 * square / data.dim());
  std::uniform_real_distribution<double> noise(-half_width, half_width);
  const size_t begin = to->size();
  double twin_square = 0;
  for (uint32_t i = 0; i < data.dim(); ++i) {
    const double value = query[i] + noise(*random);
    twin_square += value * value;
    to->push_back(static_cast<float>(value));
  }
  if (data.metric() != ANNSMITH_ANGULAR || twin_square == 0) return;
  const double scale = std::sqrt(square / twin_square);
  for (size_t i = begin; i < to->size(); ++i) (*to)[i] = static_cast<float>((*to)[i] * scale);
}

double Overlap(const uint32_t* a, const uint32_t* b, uint32_t k) {
  uint32_t common = 0;
  uint32_t filled = 0;
  for (uint32_t i = 0; i < k; ++i) {
    if (a[i] == ANNSMITH_NO_ID) continue;
    ++filled;
    common += std::find(b, b + k, a[i]) != b + k ? 1 : 0;
  }
  return filled == 0 ? 1 : static_cast<double>(common) / filled;
}

// Known queries and twins of others in turn, one hand-over each. Every row was answered before, so
// that caches know the way to both kinds alike.
Result AskSingles(const AuditedPass& pass, SearchProcess* process, const AnswersByRow& answered,
                  Deadline deadline, Audit* audit) {
  const Dataset& data = *pass.data;
  const uint32_t k = pass.k;
  std::mt19937 random(std::random_device{}());
  std::vector<uint64_t> rows = Consecutive(0, pass.rows);
  std::shuffle(rows.begin(), rows.end(), random);
  const uint32_t count = static_cast<uint32_t>(std::min<uint64_t>(2 * kSingles, pass.rows / 2 * 2));
  std::vector<float> queries;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t row = pass.first_row + rows[i];
    if (i % 2 == 0) {
      queries.insert(queries.end(), data.query_row(row), data.query_row(row) + data.dim());
    } else {
      AppendTwin(data, row, &random, &queries);
    }
  }
  if (auto placed = process->PlaceValues(queries, count, deadline); !placed.ok()) return placed;

  // Two processes that spin on one core would wait for each other's time slice.
  const bool spin = pass.host->cores().supervisor != pass.host->cores().search;
  std::vector<double> seconds[2];
  double overlap = 0;
  for (uint32_t i = 0; i < count; ++i) {
    auto single = spin ? process->SearchSpinning(i, deadline) : process->Search(i, 1, deadline);
    if (!single.ok()) return single.failure();
    seconds[i % 2].push_back(single.value());
    if (i % 2 == 0) continue;
    const Answers twin = process->Copy(i, 1);
    overlap += Overlap(&answered.ids[rows[i] * k], twin.ids.data(), k);
  }
  audit->known_seconds = Median(&seconds[0]);
  audit->unseen_seconds = Median(&seconds[1]);
  audit->overlap = overlap / (count / 2);
  return Nothing{};
}

bool LooksMemorised(const Audit& audit) {
  return audit.unseen_seconds > kMemorisedRatio * audit.known_seconds + kHandOverSeconds;
}

std::string Microseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f us", seconds * 1e6);
  return text;
}

}  // namespace

Outcome<Audit> RunAudited(const AuditedPass& pass, SearchProcess* process, AnswersByRow* kept,
                          Deadline deadline) {
  Audit audit;
  const uint64_t half = pass.rows / 2;
  const uint64_t parts[] = {half, half, pass.rows % 2};
  double cpu[2] = {};
  uint64_t from = pass.first_row;
  for (int part = 0; part < 3; from += parts[part++]) {
    const double before = CpuSeconds(process->pid());
    auto answered = AnswerRows(process, *pass.data, Consecutive(from, parts[part]), pass.k,
                               pass.first_row, deadline, kept);
    if (!answered.ok()) return answered.failure();
    if (part < 2) cpu[part] = CpuSeconds(process->pid()) - before;
  }
  audit.early_seconds = cpu[0] - (1 + kEarlyShare) * cpu[1];

  const uint64_t held = AnonymousBytes(process->pid());
  const uint64_t index = AnonymousBytes(pass.host->pid());
  audit.search_bytes = held > index ? held - index : 0;
  for (int tries = 0; tries < kMemorisedTries; ++tries) {
    if (auto asked = AskSingles(pass, process, *kept, deadline, &audit); !asked.ok()) {
      return asked.failure();
    }
    if (!LooksMemorised(audit)) break;
  }
  return audit;
}

std::optional<Failure> JudgeAudit(const AuditedPass& pass, const Audit& audit) {
  const uint64_t own = uint64_t{kMostInBatch} * pass.data->dim() * sizeof(float);
  const uint64_t allowed =
      own + kScratchFloorBytes + kScratchBytesPerVector * pass.host->settings().rows;
  if (audit.search_bytes > allowed) {
    return pass.host->Fail(kStage, "memory",
                           "searching takes " + std::to_string(audit.search_bytes >> 20) +
                               " MiB beside the index; allowed are " +
                               std::to_string(allowed >> 20) +
                               " MiB: what belongs to the index is made in annsmith_prepare()");
  }
  const double vectors = static_cast<double>(pass.host->settings().rows);
  if (audit.early_seconds > kEarlyFloorSeconds + kEarlySecondsPerVector * vectors) {
    return pass.host->Fail(
        kStage, "lazy",
        "the first searches of a process took " + std::to_string(audit.early_seconds) +
            " s of CPU time beyond what searches take; that work belongs into annsmith_prepare(), "
            "where it is charged");
  }
  if (LooksMemorised(audit)) {
    return pass.host->Fail(kStage, "memorised",
                           "a query that was asked before takes " +
                               Microseconds(audit.known_seconds) + ", with a little noise on it " +
                               Microseconds(audit.unseen_seconds) +
                               ": results are kept, or known beforehand");
  }
  if (audit.overlap < kLeastOverlap) {
    return pass.host->Fail(kStage, "memorised",
                           "with a little noise on a query, only " +
                               std::to_string(audit.overlap * 100) +
                               " % of its neighbours are found again");
  }
  return std::nullopt;
}

}  // namespace annsmith::harness
