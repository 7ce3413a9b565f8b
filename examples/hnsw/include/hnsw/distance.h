// Exact float32 distances; smaller is nearer.
#ifndef HNSW_DISTANCE_H_
#define HNSW_DISTANCE_H_

#include <cstddef>
#include <cstdint>

#include "hnsw/storage.h"

namespace hnsw {

enum class Metric {
  kEuclidean,    // squared Euclidean distance
  kAngular,      // 1 - inner product of unit vectors
  kInnerProduct  // -inner product
};

/// Independent partial sums: without them each addition waits for the one before it, and the
/// compiler, which may not reorder float additions, cannot use vector registers.
inline constexpr std::size_t kLanes = 16;

inline float SumLanes(const float* lanes) {
  float sum = 0;
  for (std::size_t j = 0; j < kLanes; ++j) sum += lanes[j];
  return sum;
}

inline float SquaredEuclidean(const float* a, const float* b, std::size_t dim) {
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) {
      const float difference = a[i + j] - b[i + j];
      lanes[j] += difference * difference;
    }
  }
  for (std::size_t j = 0; i + j < dim; ++j) {
    const float difference = a[i + j] - b[i + j];
    lanes[j] += difference * difference;
  }
  return SumLanes(lanes);
}

inline float InnerProduct(const float* a, const float* b, std::size_t dim) {
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += a[i + j] * b[i + j];
  }
  for (std::size_t j = 0; i + j < dim; ++j) lanes[j] += a[i + j] * b[i + j];
  return SumLanes(lanes);
}

/// Exact distances from one query to the stored rows. Keeps a pointer to the query, which must
/// outlive it. Safe to use from several threads.
class ExactDistance {
 public:
  ExactDistance(const VectorStorage& vectors, Metric metric, const float* query)
      : vectors_(vectors), metric_(metric), query_(query) {}

  float operator()(std::uint32_t id) const {
    switch (metric_) {
      case Metric::kEuclidean:
        return SquaredEuclidean(query_, vectors_.row(id), vectors_.dim());
      case Metric::kAngular:
        return 1 - InnerProduct(query_, vectors_.row(id), vectors_.dim());
      case Metric::kInnerProduct:
        break;
    }
    return -InnerProduct(query_, vectors_.row(id), vectors_.dim());
  }

  /// What operator() will read for `id`, so that a search can prefetch it.
  const char* row(std::uint32_t id) const {
    return reinterpret_cast<const char*>(vectors_.row(id));
  }
  std::size_t row_bytes() const { return vectors_.dim() * sizeof(float); }

 private:
  const VectorStorage& vectors_;
  Metric metric_;
  const float* query_;
};

}  // namespace hnsw

#endif  // HNSW_DISTANCE_H_
