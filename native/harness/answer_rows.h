#ifndef ANNSMITH_HARNESS_ANSWER_ROWS_H_
#define ANNSMITH_HARNESS_ANSWER_ROWS_H_

#include <cstdint>
#include <vector>

#include "harness/dataset.h"
#include "harness/failure.h"
#include "harness/search_process.h"

namespace annsmith::harness {

// Answers for consecutive rows, laid out by row.
struct AnswersByRow {
  std::vector<int32_t> statuses;
  std::vector<uint32_t> ids;
  std::vector<float> distances;
  double seconds = 0;

  AnswersByRow(uint64_t rows, uint32_t k) : statuses(rows), ids(rows * k), distances(rows * k) {}
};

// Queries that AnswerRows hands over at a time: few enough that the memory of the process is looked
// at often.
constexpr uint32_t kMostInBatch = 1024;

// Has `rows` answered in their order, untimed; `kept`, where given, receives the answer of row r at
// r - first_row. REQUIRES: the process was started with kMostInBatch slots at least.
Result AnswerRows(SearchProcess* process, const Dataset& data, const std::vector<uint64_t>& rows,
                  uint32_t k, uint64_t first_row, Deadline deadline, AnswersByRow* kept);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_ANSWER_ROWS_H_
