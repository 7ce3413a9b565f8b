#include "harness/answer_rows.h"

#include <algorithm>
#include <random>

namespace annsmith::harness {

Result AnswerRows(SearchProcess* process, const Dataset& data, const std::vector<uint64_t>& rows,
                  uint32_t k, uint64_t first_row, Deadline deadline, AnswersByRow* kept) {
  // The size of a hand-over must not tell a candidate that nothing is timed.
  constexpr uint32_t kFewestInBatch = 64;
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<uint32_t> size(kFewestInBatch, kMostInBatch);
  for (uint64_t at = 0, count; at < rows.size(); at += count) {
    count = std::min<uint64_t>(size(random), rows.size() - at);
    const uint32_t queries = static_cast<uint32_t>(count);
    if (auto placed = process->Place(data, rows.data() + at, queries, deadline); !placed.ok()) {
      return placed;
    }
    auto seconds = process->SearchWatched(0, queries, deadline);
    if (!seconds.ok()) return seconds.failure();
    if (kept == nullptr) continue;
    kept->seconds += seconds.value();
    const Answers answers = process->Copy(0, queries);
    for (uint32_t i = 0; i < queries; ++i) {
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

}  // namespace annsmith::harness
