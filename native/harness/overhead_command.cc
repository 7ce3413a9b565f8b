#include <algorithm>

#include "harness/commands.h"
#include "harness/search_process.h"

namespace annsmith::harness {

// Every two pairs share two chunks of queries, each answered once under supervision and once bare,
// so that neither way has the easier queries.
Outcome<JsonObject> RunOverhead(Session* session, Command* command, Deadline deadline) {
  auto found = OpenSide(session, command);
  if (!found.ok()) return found.failure();
  HostProcess* host = found.value();
  const auto [k, range] = ReadSearchFields(*session, command);
  const uint32_t ef = static_cast<uint32_t>(command->Integer("ef", 1, UINT32_MAX));
  const uint32_t chunk =
      static_cast<uint32_t>(command->Integer("chunk", 1, SharedArea::kCapacity / 2));
  const uint64_t pairs = command->Integer("pairs", 1, 1 << 20);
  const uint64_t seed = command->Integer("seed", 0, UINT64_MAX);
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  const uint64_t both = uint64_t{chunk} * 2;
  if (range.count < both) {
    return UsageFailure("overhead: rows has " + std::to_string(range.count) +
                        " queries, two chunks need " + std::to_string(both));
  }

  SearchProcess::Options options;
  options.slots = chunk * 2;
  options.deny_clock = false;
  auto started = SearchProcess::Start(host, k, ef, options, deadline);
  if (!started.ok()) return started.failure();
  SearchProcess& process = *started.value();
  const std::vector<uint64_t> rows = OrderedRows(range.start, range.count, seed);
  const uint64_t places = range.count / both;
  std::vector<std::string> measured;
  for (uint64_t pair = 0; pair < pairs; ++pair) {
    auto placed = process.Place(*session->data, rows.data() + (pair / 2 % places) * both,
                                static_cast<uint32_t>(both), deadline);
    if (!placed.ok()) return placed.failure();
    const bool supervised_first = pair % 2 == 0;
    double supervised = 0;
    double bare = 0;
    for (const bool first : {true, false}) {
      const bool supervise = first == supervised_first;
      const uint32_t slot = first ? 0 : chunk;
      auto seconds = supervise ? process.Search(slot, chunk, deadline)
                               : process.SearchBare(slot, chunk, deadline);
      if (!seconds.ok()) return seconds.failure();
      (supervise ? supervised : bare) = seconds.value() / chunk;
    }
    measured.push_back(JsonObject().Number("supervised", supervised).Number("bare", bare).str());
  }
  return JsonObject().Raw("pairs", JsonArray(measured));
}

}  // namespace annsmith::harness
