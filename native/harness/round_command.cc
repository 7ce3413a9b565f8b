#include <algorithm>

#include "harness/answer_check.h"
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
  std::unique_ptr<SearchProcess> process;
  std::vector<Answers> answers;

  // The queries of a chunk behind those of its lead-in are in place before either is handed over;
  // only the chunk's own hand-over is timed.
  Outcome<double> RunChunk(const Dataset& data, const uint64_t* rows, uint32_t lead, uint32_t chunk,
                           Deadline deadline) {
    if (auto placed = process->Place(data, rows, lead + chunk, deadline); !placed.ok()) {
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

// Judges what a side answered and adds its fields to the reply, under names that end in its letter.
void Judge(const Dataset& data, const Contender& side, const RoundFields& fields,
           const uint64_t* first_chunk, JsonObject* reply) {
  AnswerCheck check(data, side.host->settings().rows, fields.k);
  const uint64_t step = uint64_t{fields.lead} + fields.chunk;
  for (size_t pair = 0; pair < side.answers.size(); ++pair) {
    const Answers& answers = side.answers[pair];
    const uint64_t* rows = first_chunk + pair * step;
    for (uint32_t i = 0; i < fields.chunk; ++i) {
      check.Check(rows[i], answers.statuses[i], &answers.ids[size_t{i} * fields.k],
                  &answers.distances[size_t{i} * fields.k]);
    }
  }
  const std::string letter = side.host->settings().side == "a" ? "A" : "B";
  reply->Number("recall" + letter, check.Recall())
      .Raw("violations" + letter, check.violations().Json());
  if (check.first()) reply->Raw("firstViolation" + letter, check.first()->Json());
  reply->Integer("hugePages" + letter, HugePageBytes(side.process->pid()));
}

}  // namespace

Outcome<JsonObject> RunRound(Session* session, Command* command, Deadline deadline) {
  if (!session->a) return UsageFailure("side a is not open; send open first");
  const Dataset& data = *session->data;
  const RoundFields fields = ReadFields(*session, command);
  Contender a{session->a.get(),
              static_cast<uint32_t>(command->Integer("efA", 1, UINT32_MAX)),
              command->NumberOr("slowA", 0),
              nullptr,
              {}};
  const bool alone = command->TextOr("alone", "") == "a";
  Contender b{session->b.get(), 0, 0, nullptr, {}};
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
  // The side that is timed first is warmed last: then, in every turn (AB, BA), each side has one chunk
  // right after its own last one and one right after the other side's.
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
  for (const Contender* side : contenders) {
    Judge(data, *side, fields, rows.data() + fields.warm + fields.lead, &reply);
  }
  return reply;
}

}  // namespace annsmith::harness
