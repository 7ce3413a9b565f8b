#include "harness/answer_check.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace annsmith::harness {
namespace {

// Two points within this of each other, relative, are as near as one another.
constexpr double kTie = 1e-6;
// A distance that is off by more than this, relative, is false: rounding in float32 stays far
// below, made-up and approximate values do not.
constexpr double kFalse = 1e-4;
// The same near zero, where cancellation leaves no relative precision; relative to the vectors'
// squared lengths, so 1e-5 for unit vectors.
constexpr double kFalseNearZero = 1e-5;

}  // namespace

std::string Violations::Json() const {
  return JsonObject()
      .Integer("status", status)
      .Integer("missing", missing)
      .Integer("outOfRange", out_of_range)
      .Integer("duplicate", duplicate)
      .Integer("unsorted", unsorted)
      .Integer("falseDistance", false_distance)
      .Integer("notFinite", not_finite)
      .Integer("changed", changed)
      .str();
}

std::string FirstViolation::Json() const {
  JsonObject json;
  json.Text("kind", kind).Integer("row", row);
  if (id) json.Integer("id", *id);
  if (!error_text.empty()) json.Text("error", error_text);
  return json.Number("given", given).Number("expected", expected).str();
}

AnswerCheck::AnswerCheck(const Dataset& data, uint64_t rows, uint32_t k)
    : data_(data),
      rows_(rows),
      k_(k),
      wanted_(static_cast<uint32_t>(std::min<uint64_t>(k, rows))) {}

AnswerCheck::Exact AnswerCheck::Measure(const float* query, uint64_t row) const {
  const float* point = data_.base_row(row);
  double product = 0, query_square = 0, point_square = 0, difference_square = 0;
  for (uint32_t i = 0; i < data_.dim(); ++i) {
    const double q = query[i], p = point[i];
    product += q * p;
    query_square += q * q;
    point_square += p * p;
    difference_square += (q - p) * (q - p);
  }
  const double distance = data_.metric() == ANNSMITH_EUCLIDEAN ? difference_square
                          : data_.metric() == ANNSMITH_ANGULAR ? 1 - product
                                                               : -product;
  return {distance, std::sqrt(query_square * point_square), query_square + point_square};
}

// The true k-th distance and what counts as tied with it. An inner product cannot be told apart in
// float32 below one rounding of its terms, hence the second summand where distances may be near
// zero or negative.
double AnswerCheck::LargestCounted(uint64_t query) const {
  const float* vector = data_.query_row(query);
  const Exact last = Measure(vector, rows_ == data_.n() ? data_.truth_ids(query)[wanted_ - 1]
                                                        : LastNeighbourAmongFirst(vector));
  const double rounding =
      data_.metric() == ANNSMITH_EUCLIDEAN ? 0 : FLT_EPSILON * last.norm_product;
  return last.distance + kTie * std::abs(last.distance) + rounding;
}

// The files' ground truth holds for the whole base; an index over its first rows needs its own.
// Such runs are small.
uint64_t AnswerCheck::LastNeighbourAmongFirst(const float* query) const {
  std::vector<std::pair<double, uint64_t>> all(rows_);
  for (uint64_t row = 0; row < rows_; ++row) all[row] = {Measure(query, row).distance, row};
  std::nth_element(all.begin(), all.begin() + (wanted_ - 1), all.end());
  return all[wanted_ - 1].second;
}

void AnswerCheck::Note(const char* kind, uint64_t* counter, uint64_t row,
                       std::optional<uint32_t> id, double given, double expected) {
  ++*counter;
  if (!first_) first_ = FirstViolation{kind, row, id, given, expected, ""};
}

uint32_t AnswerCheck::Check(uint64_t query, int32_t status, const uint32_t* ids,
                            const float* distances) {
  ++queries_;
  if (status != ANNSMITH_OK) {
    Note("status", &violations_.status, query, std::nullopt, status, ANNSMITH_OK);
    return 0;
  }
  const double largest = LargestCounted(query);
  const float* vector = data_.query_row(query);
  uint32_t filled = 0;
  uint32_t counted = 0;
  std::optional<float> previous;
  for (uint32_t slot = 0; slot < k_; ++slot) {
    const uint32_t id = ids[slot];
    if (id == ANNSMITH_NO_ID) continue;
    ++filled;
    const float given = distances[slot];
    if (id >= rows_) {
      Note("outOfRange", &violations_.out_of_range, query, id, id, static_cast<double>(rows_) - 1);
      continue;
    }
    if (std::find(ids, ids + slot, id) != ids + slot) {
      Note("duplicate", &violations_.duplicate, query, id, given, given);
      continue;
    }
    const Exact exact = Measure(vector, id);
    if (!std::isfinite(given)) {
      Note("notFinite", &violations_.not_finite, query, id, given, exact.distance);
    } else {
      const double near_zero = kFalseNearZero * exact.square_sum / 2;
      if (std::abs(given - exact.distance) >
          std::max(kFalse * std::abs(exact.distance), near_zero)) {
        Note("falseDistance", &violations_.false_distance, query, id, given, exact.distance);
      }
      if (previous && given < *previous) {
        Note("unsorted", &violations_.unsorted, query, id, given, *previous);
      }
      previous = given;
    }
    if (exact.distance <= largest) ++counted;
  }
  for (; filled < wanted_; ++filled) {
    Note("missing", &violations_.missing, query, std::nullopt, filled, wanted_);
  }
  counted_ += counted;
  return counted;
}

double AnswerCheck::Recall() const {
  if (queries_ == 0) return 0;
  return static_cast<double>(counted_) / (static_cast<double>(queries_) * wanted_);
}

void AnswerCheck::CheckUnchanged(uint64_t query, const uint32_t* ids,
                                 const std::vector<uint32_t>& before) {
  const auto [now, then] = std::mismatch(ids, ids + k_, before.begin());
  if (now == ids + k_) return;
  Note("changed", &violations_.changed, query, *now, *now, *then);
}

namespace {

std::string Hash(const void* words, size_t count) {
  uint64_t hash = 0xCBF29CE484222325;
  for (size_t i = 0; i < count; ++i) {
    uint32_t word;
    std::memcpy(&word, static_cast<const uint8_t*>(words) + i * sizeof(word), sizeof(word));
    for (int shift = 0; shift < 32; shift += 8)
      hash = (hash ^ (word >> shift & 0xFF)) * 0x100000001B3;
  }
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace

std::string HashAnswers(const std::vector<uint32_t>& ids) { return Hash(ids.data(), ids.size()); }

std::string HashDistances(const std::vector<float>& distances) {
  return Hash(distances.data(), distances.size());
}

}  // namespace annsmith::harness
