#include <algorithm>
#include <random>

#include "harness/answer_check.h"
#include "harness/answer_rows.h"
#include "harness/commands.h"
#include "harness/process_facts.h"
#include "harness/search_process.h"

namespace annsmith::harness {
namespace {

struct RoundFields {
  uint32_t k = 0;
  uint32_t chunk = 0;
  uint32_t pairs = 0;
  uint32_t lead = 0;
  uint32_t warm = 0;
  RowRange rows;
  uint64_t seed = 0;
};

// One side of a round: its process and the answers of its timed chunks, which are judged when the
// round is over, so that between chunks the caches see searches only.
struct Contender {
  HostProcess* host = nullptr;
  uint32_t ef = 0;
  double slow = 0;
  uint32_t chunk = 0;
  std::unique_ptr<SearchProcess> process;
  std::vector<Answers> answers;

  // The queries of a chunk behind those of its lead-in are in place before either is handed over;
  // only the chunk's own hand-over is timed.
  Outcome<double> RunChunk(const Dataset& data, const uint64_t* rows, uint32_t lead, uint32_t chunk,
                           Deadline deadline) {
    auto placed = process->PlaceHidden(data, rows, lead + chunk, lead, deadline);
    if (!placed.ok()) {
      return placed.failure();
    }
    if (lead > 0) {
      auto led = process->Search(0, lead, deadline);
      if (!led.ok()) return led;
    }
    auto seconds = process->Search(lead, chunk, deadline);
    if (!seconds.ok()) return seconds;
    answers.push_back(process->Copy(lead, chunk));
    if (auto memory = host->CheckMemory("search", process->pid()); !memory.ok())
      return memory.failure();
    return seconds.value() / chunk;
  }

  Result WarmUp(const Dataset& data, const uint64_t* rows, uint32_t count, uint32_t slots,
                Deadline deadline) {
    for (uint32_t at = 0; at < count; at += slots) {
      const uint32_t part = std::min(slots, count - at);
      if (auto placed = process->Place(data, rows + at, part, deadline); !placed.ok())
        return placed;
      auto done = process->Search(0, part, deadline);
      if (!done.ok()) return done.failure();
    }
    return Nothing{};
  }
};

RoundFields ReadFields(const Session& session, Command* command) {
  RoundFields fields;
  const SearchFields search = ReadSearchFields(session, command);
  fields.k = search.k;
  fields.rows = search.rows;
  fields.chunk = static_cast<uint32_t>(command->Integer("chunk", 1, SharedArea::kCapacity));
  fields.pairs = static_cast<uint32_t>(command->Integer("pairs", 1, 1 << 20));
  fields.lead = static_cast<uint32_t>(command->IntegerOr("lead", 0, SharedArea::kCapacity, 0));
  fields.warm = static_cast<uint32_t>(command->IntegerOr("warm", 0, 1 << 24, 0));
  fields.seed = command->Integer("seed", 0, UINT64_MAX);
  return fields;
}

// How many pairs the rows are enough for: no query is given twice to one process.
Outcome<uint32_t> PairsThatFit(const RoundFields& fields) {
  const uint64_t per_pair = uint64_t{fields.lead} + fields.chunk;
  if (per_pair > SharedArea::kCapacity) {
    return UsageFailure("round: lead and chunk together may be " +
                        std::to_string(SharedArea::kCapacity) + " queries at most");
  }
  if (fields.rows.count < fields.warm + per_pair) {
    return UsageFailure(
        "round: rows has " + std::to_string(fields.rows.count) +
        " queries, one pair needs warm + lead + chunk = " + std::to_string(fields.warm + per_pair));
  }
  const uint64_t fitting = (fields.rows.count - fields.warm) / per_pair;
  return static_cast<uint32_t>(std::min<uint64_t>(fitting, fields.pairs));
}

// The rows of the timed chunks, in the order of their answers.
std::vector<uint64_t> TimedRows(const RoundFields& fields, uint32_t pairs,
                                const std::vector<uint64_t>& rows) {
  std::vector<uint64_t> timed;
  auto next = rows.begin() + fields.warm;
  for (uint32_t pair = 0; pair < pairs; ++pair, next += fields.lead + fields.chunk) {
    timed.insert(timed.end(), next + fields.lead, next + fields.lead + fields.chunk);
  }
  return timed;
}

// Timed answers are compared with those that were given when nothing was timed. Where those are too
// few, some of the rows are asked again, in a process as it is when recall is measured.
Result AskAgain(const Dataset& data, const Contender& side, uint32_t k,
                const std::vector<uint64_t>& timed, AnswerBook* book, Deadline deadline) {
  constexpr size_t kEnough = 64;
  std::vector<uint64_t> unknown;
  for (const uint64_t row : timed) {
    if (book->Find(side.ef, k, row) == nullptr) unknown.push_back(row);
  }
  if (unknown.empty() || timed.size() - unknown.size() >= kEnough) return Nothing{};
  std::shuffle(unknown.begin(), unknown.end(), std::mt19937(std::random_device{}()));
  unknown.resize(std::min(unknown.size(), kEnough));
  auto started = SearchProcess::Start(side.host, k, side.ef, {kMostInBatch}, deadline);
  if (!started.ok()) return started.failure();
  const auto last = *std::max_element(unknown.begin(), unknown.end());
  const auto first = *std::min_element(unknown.begin(), unknown.end());
  AnswersByRow answers(last - first + 1, k);
  auto answered = AnswerRows(started.value().get(), data, unknown, k, first, deadline, &answers);
  if (!answered.ok()) return answered;
  for (const uint64_t row : unknown) book->Keep(side.ef, k, row, &answers.ids[(row - first) * k]);
  return Nothing{};
}

// Judges what a side answered and adds its fields to the reply, under names that end in its letter.
Result Judge(Session* session, Contender* side, uint32_t k, const std::vector<uint64_t>& timed,
             Deadline deadline, JsonObject* reply) {
  const Dataset& data = *session->data;
  const bool is_reference = side->host->settings().side == "a";
  const uint64_t huge_pages = HugePageBytes(side->process->pid());
  // The next process of this side uses the same memory for its hand-overs.
  side->process.reset();
  AnswerBook& book = session->BookOf(*side->host);
  if (!is_reference) {
    auto asked = AskAgain(data, *side, k, timed, &book, deadline);
    if (!asked.ok()) return asked;
  }
  AnswerCheck check(data, side->host->settings().rows, k);
  for (size_t i = 0; i < timed.size(); ++i) {
    const Answers& answers = side->answers[i / side->chunk];
    const size_t slot = i % side->chunk;
    const uint32_t* ids = &answers.ids[slot * k];
    check.Check(timed[i], answers.statuses[slot], ids, &answers.distances[slot * k]);
    const AnswerBook::Ids* before = book.Find(side->ef, k, timed[i]);
    if (before != nullptr) check.CheckUnchanged(timed[i], ids, *before);
  }
  const std::string letter = is_reference ? "A" : "B";
  reply->Number("recall" + letter, check.Recall())
      .Raw("violations" + letter, check.violations().Json());
  if (check.first()) reply->Raw("firstViolation" + letter, check.first()->Json());
  reply->Integer("hugePages" + letter, huge_pages);
  return Nothing{};
}

}  // namespace

Outcome<JsonObject> RunRound(Session* session, Command* command, Deadline deadline) {
  if (!session->a) return UsageFailure("side a is not open; send open first");
  const Dataset& data = *session->data;
  const RoundFields fields = ReadFields(*session, command);
  Contender a{session->a.get(),
              static_cast<uint32_t>(command->Integer("efA", 1, UINT32_MAX)),
              command->NumberOr("slowA", 0),
              fields.chunk,
              nullptr,
              {}};
  const bool alone = command->TextOr("alone", "") == "a";
  Contender b{session->b.get(), 0, 0, fields.chunk, nullptr, {}};
  if (!alone) {
    b.ef = static_cast<uint32_t>(command->Integer("efB", 1, UINT32_MAX));
    b.slow = command->NumberOr("slowB", 0);
  }
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (!alone && b.host == nullptr)
    return UsageFailure("side b is not open; open it or say alone=a");
  auto fitting = PairsThatFit(fields);
  if (!fitting.ok()) return fitting.failure();
  const uint32_t pairs = fitting.value();

  const std::vector<uint64_t> rows = OrderedRows(fields.rows.start, fields.rows.count, fields.seed);
  const uint32_t slots = fields.lead + fields.chunk;
  std::vector<Contender*> contenders = {&a};
  if (!alone) contenders.push_back(&b);
  for (Contender* side : contenders) {
    if (auto fits = CheckNeighbours(*session, *side->host, fields.k); !fits.ok())
      return fits.failure();
    auto started =
        SearchProcess::Start(side->host, fields.k, side->ef, {slots, true, side->slow}, deadline);
    if (!started.ok()) return started.failure();
    side->process = std::move(started.value());
    side->answers.reserve(pairs);
  }
  // The side that is timed first is warmed last: then, in every turn (AB, BA), each side has one
  // chunk right after its own last one and one right after the other side's.
  for (auto side = contenders.rbegin(); side != contenders.rend(); ++side) {
    auto warmed = (*side)->WarmUp(data, rows.data(), fields.warm, slots, deadline);
    if (!warmed.ok()) return warmed.failure();
  }

  std::vector<std::string> measured;
  const uint64_t* next = rows.data() + fields.warm;
  for (uint32_t pair = 0; pair < pairs; ++pair, next += fields.lead + fields.chunk) {
    // ABBA: a drift that is steady over two pairs weighs on both sides alike.
    const bool a_first = alone || pair % 2 == 0;
    JsonObject entry;
    entry.Text("first", a_first ? "a" : "b");
    std::vector<Contender*> order = contenders;
    if (!a_first) std::reverse(order.begin(), order.end());
    for (Contender* side : order) {
      auto seconds = side->RunChunk(data, next, fields.lead, fields.chunk, deadline);
      if (!seconds.ok()) return seconds.failure();
      entry.Number(side->host->settings().side, seconds.value());
    }
    measured.push_back(entry.str());
  }

  JsonObject reply;
  reply.Raw("pairs", JsonArray(measured)).Integer("chunk", fields.chunk);
  const std::vector<uint64_t> timed = TimedRows(fields, pairs, rows);
  for (Contender* side : contenders) {
    auto judged = Judge(session, side, fields.k, timed, deadline, &reply);
    if (!judged.ok()) return judged.failure();
  }
  return reply;
}

}  // namespace annsmith::harness
