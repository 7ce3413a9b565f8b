#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/commands.h"
#include "harness/search_process.h"

namespace annsmith::harness {
namespace {

// The value below which a share of the sorted samples lies (nearest rank).
double Quantile(const std::vector<double>& sorted, double share) {
  const size_t rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

}  // namespace

Outcome<JsonObject> RunLatency(Session* session, Command* command, Deadline deadline) {
  auto found = OpenSide(session, command);
  if (!found.ok()) return found.failure();
  HostProcess* host = found.value();
  const auto [k, range] = ReadSearchFields(*session, command);
  const uint32_t ef = static_cast<uint32_t>(command->Integer("ef", 1, UINT32_MAX));
  const uint64_t seed = command->Integer("seed", 0, UINT64_MAX);
  const uint64_t warm = command->IntegerOr("warm", 0, 1 << 24, 0);
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (warm >= range.count) {
    return UsageFailure("latency: rows has " + std::to_string(range.count) +
                        " queries, warm takes all of them");
  }

  auto started = SearchProcess::Start(host, k, ef, {1}, deadline);
  if (!started.ok()) return started.failure();
  SearchProcess& process = *started.value();
  // Two processes that spin on one core would wait for each other's time slice.
  const bool spin = session->cores.supervisor != session->cores.search;
  std::vector<double> samples;
  uint64_t at = 0;
  for (const uint64_t row : OrderedRows(range.start, range.count, seed)) {
    if (auto placed = process.Place(*session->data, &row, 1, deadline); !placed.ok()) {
      return placed.failure();
    }
    auto seconds = spin ? process.SearchSpinning(0, deadline) : process.Search(0, 1, deadline);
    if (!seconds.ok()) return seconds.failure();
    if (at++ >= warm) samples.push_back(seconds.value());
  }
  const double mean =
      std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  std::sort(samples.begin(), samples.end());
  JsonObject reply;
  reply.Integer("queries", samples.size()).Number("p50", Quantile(samples, 0.5));
  reply.Number("p95", Quantile(samples, 0.95))
      .Number("p99", Quantile(samples, 0.99))
      .Number("mean", mean);
  return reply;
}

}  // namespace annsmith::harness
