#include <algorithm>

#include "harness/answer_check.h"
#include "harness/commands.h"
#include "harness/process_facts.h"
#include "harness/search_process.h"

namespace annsmith::harness {
namespace {

// Queries per hand-over: few enough that the memory of the process is looked at often.
constexpr uint32_t kBatch = 1024;

// Answers for rows, laid out by row.
struct AnswersByRow {
  std::vector<int32_t> statuses;
  std::vector<uint32_t> ids;
  std::vector<float> distances;
  double seconds = 0;

  AnswersByRow(uint64_t rows, uint32_t k) : statuses(rows), ids(rows * k), distances(rows * k) {}
};

// Has `rows` answered in their order; `kept`, where given, receives the answer of row r at r -
// first_row.
Result AnswerRows(SearchProcess* process, const Dataset& data, const std::vector<uint64_t>& rows,
                  uint32_t k, uint64_t first_row, Deadline deadline, AnswersByRow* kept) {
  for (uint64_t at = 0; at < rows.size(); at += kBatch) {
    const uint32_t count = static_cast<uint32_t>(std::min<uint64_t>(kBatch, rows.size() - at));
    if (auto placed = process->Place(data, rows.data() + at, count, deadline); !placed.ok()) {
      return placed;
    }
    auto seconds = process->SearchWatched(0, count, deadline);
    if (!seconds.ok()) return seconds.failure();
    if (kept == nullptr) continue;
    kept->seconds += seconds.value();
    const Answers answers = process->Copy(0, count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t to = rows[at + i] - first_row;
      kept->statuses[to] = answers.statuses[i];
      std::copy_n(answers.ids.begin() + i * k, k,
                  kept->ids.begin() + static_cast<ptrdiff_t>(to * k));
      std::copy_n(answers.distances.begin() + i * k, k,
                  kept->distances.begin() + static_cast<ptrdiff_t>(to * k));
    }
  }
  return Nothing{};
}

}  // namespace

Outcome<JsonObject> RunAnswer(Session* session, Command* command, Deadline deadline) {
  auto found = OpenSide(session, command);
  if (!found.ok()) return found.failure();
  HostProcess* host = found.value();
  const Dataset& data = *session->data;
  const auto [k, range] = ReadSearchFields(*session, command);
  const uint32_t ef = static_cast<uint32_t>(command->Integer("ef", 1, UINT32_MAX));
  const uint64_t order = command->IntegerOr("order", 0, UINT64_MAX, 0);
  std::vector<uint64_t> warm;
  if (command->Has("warm")) {
    const RowRange rows = command->Rows("warm", data.queries());
    warm = OrderedRows(rows.start, rows.count, 0);
  }
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (auto fits = CheckNeighbours(*session, *host, k); !fits.ok()) return fits.failure();

  auto started = SearchProcess::Start(host, k, ef, {kBatch}, deadline);
  if (!started.ok()) return started.failure();
  SearchProcess& process = *started.value();
  if (auto warmed = AnswerRows(&process, data, warm, k, 0, deadline, nullptr); !warmed.ok()) {
    return warmed.failure();
  }
  const uint64_t rss_before = AnonymousBytes(process.pid());
  AnswersByRow answers(range.count, k);
  auto answered = AnswerRows(&process, data, OrderedRows(range.start, range.count, order), k,
                             range.start, deadline, &answers);
  if (!answered.ok()) return answered.failure();
  const uint64_t rss_after = AnonymousBytes(process.pid());
  const unsigned threads = ThreadCount(process.pid());

  AnswerCheck check(data, host->settings().rows, k);
  std::vector<uint8_t> hits;
  for (uint64_t i = 0; i < range.count; ++i) {
    hits.push_back(static_cast<uint8_t>(check.Check(
        range.start + i, answers.statuses[i], &answers.ids[i * k], &answers.distances[i * k])));
  }
  JsonObject reply;
  reply.Integer("queries", range.count).Number("recall", check.Recall()).Text("hits", Base64(hits));
  reply.Number("secondsPerQuery", answers.seconds / static_cast<double>(range.count));
  reply.Text("answersHash", HashAnswers(answers.ids)).Raw("violations", check.violations().Json());
  if (check.first()) {
    FirstViolation first = *check.first();
    if (first.kind == "status") first.error_text = process.ErrorText();
    reply.Raw("firstViolation", first.Json());
  }
  reply.Integer("threads", threads).Integer("rssBefore", rss_before).Integer("rssAfter", rss_after);
  return reply;
}

}  // namespace annsmith::harness
