// Exact k nearest neighbours by blocked matrix multiplication and exact re-ranking.
#ifndef ANNSMITH_CORE_EXACT_KNN_H_
#define ANNSMITH_CORE_EXACT_KNN_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "core/kernels/kernel_set.h"

namespace annsmith {

enum class Metric { kEuclidean, kAngular, kInnerProduct };

// Row-major rows of `dim` floats, owned by somebody else.
struct MatrixView {
  const float* data = nullptr;
  size_t rows = 0;
  size_t dim = 0;
  const float* row(size_t i) const { return data + i * dim; }
};

constexpr uint32_t kNoId = UINT32_MAX;

struct KnnOptions {
  size_t k = 100;
  unsigned threads = 1;
  // nullptr: the fastest set that this processor has.
  const KernelSet* kernels = nullptr;
  // Candidates kept beyond k in the first pass; the answer does not depend on it.
  size_t slack = 28;
  // Called with 0..1 on the calling thread, after every block of queries.
  std::function<void(double)> progress;
  // Polled between blocks; may be set from any thread.
  const std::atomic<bool>* cancelled = nullptr;
};

// Neighbours of query i at [i * k, (i + 1) * k), nearest first, equal distances by id. Slots beyond
// the number of base rows hold kNoId and +infinity. Distances are squared (euclidean), 1 - ip
// (angular) or -ip (inner product).
struct KnnResult {
  size_t k = 0;
  std::vector<uint32_t> ids;
  std::vector<float> distances;
  bool cancelled = false;
  // Queries for which the rounding error bound asked for a wider pool, or for a full scan in
  // double.
  size_t widened = 0;
  size_t scanned = 0;
};

// Exact up to the rounding of double arithmetic: single precision only chooses candidates, and only
// where its error bound proves that none is missed. Requires base.dim == queries.dim > 0, k > 0,
// fewer than 2^32 - 1 base rows, and unit vectors for kAngular. Memory beyond the result stays
// below about 300 MB, plus 512 base rows per thread and 1,024 queries in packed form. Throws
// std::bad_alloc and std::system_error (no thread could be started). Thread-safe.
KnnResult ExactKnn(const MatrixView& base, const MatrixView& queries, Metric metric,
                   const KnnOptions& options);

// The kernel sets that this build has and this processor runs, fastest first; never empty.
std::vector<const KernelSet*> AvailableKernels();

}  // namespace annsmith

#endif  // ANNSMITH_CORE_EXACT_KNN_H_
