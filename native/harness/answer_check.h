#ifndef ANNSMITH_HARNESS_ANSWER_CHECK_H_
#define ANNSMITH_HARNESS_ANSWER_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/dataset.h"
#include "harness/json_writer.h"

namespace annsmith::harness {

// What is wrong with answers, counted per slot (status: per query).
struct Violations {
  uint64_t status = 0;
  uint64_t missing = 0;
  uint64_t out_of_range = 0;
  uint64_t duplicate = 0;
  uint64_t unsorted = 0;
  uint64_t false_distance = 0;
  uint64_t not_finite = 0;
  uint64_t changed = 0;  // timed queries whose answer was another when nothing was timed

  std::string Json() const;
};

struct FirstViolation {
  std::string kind;
  uint64_t row = 0;
  std::optional<uint32_t> id;
  double given = 0;
  double expected = 0;
  std::string error_text;  // what the index said, for status

  std::string Json() const;
};

// Judges answers against the data itself: every distance is computed again in double precision, and
// a returned point counts when it is as near as the true k-th neighbour, so that it does not matter
// which of several tied points an index returns. Not thread-safe.
class AnswerCheck {
 public:
  // `rows`: how many rows of the base, from the first, are in the index; recall is among those.
  // REQUIRES: `data` outlives this; min(k, rows) <= data.truth_k() where rows == data.n().
  AnswerCheck(const Dataset& data, uint64_t rows, uint32_t k);

  // Returns how many of the answers count, 0 to k.
  uint32_t Check(uint64_t query, int32_t status, const uint32_t* ids, const float* distances);

  // Notes it where the ids differ from those that the index gave before.
  void CheckUnchanged(uint64_t query, const uint32_t* ids, const std::vector<uint32_t>& before);

  const Violations& violations() const { return violations_; }
  const std::optional<FirstViolation>& first() const { return first_; }
  // Share of the true neighbours found in all answers so far.
  double Recall() const;

 private:
  struct Exact {
    double distance;
    double norm_product;  // |query| |row|, the scale of rounding errors in an inner product
    double square_sum;    // |query|^2 + |row|^2, that of a squared distance by norms
  };
  Exact Measure(const float* query, uint64_t row) const;
  double LargestCounted(uint64_t query) const;
  uint64_t LastNeighbourAmongFirst(const float* query) const;
  void Note(const char* kind, uint64_t* counter, uint64_t row, std::optional<uint32_t> id,
            double given, double expected);

  const Dataset& data_;
  const uint64_t rows_;
  const uint32_t k_;
  const uint32_t wanted_;  // min(k, rows): slots that must be filled
  uint64_t queries_ = 0;
  uint64_t counted_ = 0;
  Violations violations_;
  std::optional<FirstViolation> first_;
};

// 64-bit FNV-1a over the ids of all rows in the order given, as 16 hexadecimal digits.
std::string HashAnswers(const std::vector<uint32_t>& ids);
// The same over distances, which tied points share.
std::string HashDistances(const std::vector<float>& distances);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_ANSWER_CHECK_H_
