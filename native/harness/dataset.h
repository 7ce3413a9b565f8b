#ifndef ANNSMITH_HARNESS_DATASET_H_
#define ANNSMITH_HARNESS_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/fbin_file.h"
#include "core/mapped_file.h"
#include "harness/failure.h"
#include "include/annsmith/abi.h"

namespace annsmith::harness {

// Base, queries and ground truth, mapped read-only in the supervisor. Immutable once opened.
class Dataset {
 public:
  // The truth file is in the bigann format: u32 queries, u32 k, ids u32[queries * k], distances
  // f32[queries * k]. Checks sizes, dimensions and that every id is a base row.
  static Outcome<Dataset> Open(const std::string& base, const std::string& queries,
                               const std::string& truth, annsmith_metric metric);

  const std::string& base_path() const { return base_path_; }
  annsmith_metric metric() const { return metric_; }
  uint64_t n() const { return base_.rows(); }
  uint32_t dim() const { return static_cast<uint32_t>(base_.dim()); }
  uint64_t queries() const { return queries_.rows(); }
  uint32_t truth_k() const { return truth_k_; }

  const float* base_row(uint64_t row) const { return base_.data() + row * base_.dim(); }
  const float* query_row(uint64_t row) const { return queries_.data() + row * base_.dim(); }
  const uint32_t* truth_ids(uint64_t row) const { return TruthIds() + row * truth_k_; }

 private:
  Result OpenTruth(const std::string& path);
  const uint32_t* TruthIds() const { return reinterpret_cast<const uint32_t*>(truth_.data()) + 2; }

  std::string base_path_;
  annsmith_metric metric_ = ANNSMITH_EUCLIDEAN;
  FbinFile base_;
  FbinFile queries_;
  MappedFile truth_;
  uint32_t truth_k_ = 0;
};

// The rows of a range in an order that depends on the seed alone; 0 keeps the natural order.
std::vector<uint64_t> OrderedRows(uint64_t start, uint64_t count, uint64_t seed);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_DATASET_H_
