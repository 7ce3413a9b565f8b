#include "core/exact_knn.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>

#include "core/aligned_buffer.h"
#include "core/parallel.h"

namespace annsmith {
namespace {

// Blocking. A query panel and the products stay in the second-level cache, one base sliver in the
// first.
constexpr size_t kPanelQueries = 112;
constexpr size_t kBlockBases = 512;
constexpr size_t kMaxDepth = 256;
constexpr size_t kMaxQueryBlock = 1024;
constexpr size_t kPoolBytes = size_t{256} << 20;
constexpr size_t kWidenFactor = 8;
constexpr double kFloatRounding = 0x1p-24;

size_t RoundUp(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

bool NearerKey(const Candidate& a, const Candidate& b) { return a.key < b.key; }

struct Neighbour {
  double distance;
  uint32_t id;
  bool operator<(const Neighbour& other) const {
    return distance != other.distance ? distance < other.distance : id < other.id;
  }
};

// The best candidates of one query seen by one thread. Appends without order; when full, keeps the
// nearest `pool`.
struct Pool {
  Candidate* entries;
  size_t count;
  float bound;  // the pool-th smallest key so far, or +infinity
};

// Packs rows in slivers of `width`: for each depth block, for each sliver, element t of its rows
// side by side. Missing rows are zero. `row_of(i)` gives the address of row i.
template <typename RowOf>
void Pack(size_t rows, size_t dim, size_t depth, size_t width, const RowOf& row_of, float* out) {
  constexpr size_t kLine =
      16;  // floats of one cache line, read whole before the next row is touched
  for (size_t from = 0; from < dim; from += depth) {
    const size_t size = std::min(depth, dim - from);
    for (size_t first = 0; first < rows; first += width, out += size * width) {
      const size_t present = std::min(width, rows - first);
      if (present < width) std::fill(out, out + size * width, 0.0f);
      for (size_t t = 0; t < size; t += kLine) {
        const size_t end = std::min(size, t + kLine);
        for (size_t i = 0; i < present; ++i) {
          const float* row = row_of(first + i) + from;
          for (size_t u = t; u < end; ++u) out[u * width + i] = row[u];
        }
      }
    }
  }
}

class Search {
 public:
  Search(const MatrixView& base, const MatrixView& queries, Metric metric,
         const KnnOptions& options, KnnResult* result)
      : base_(base),
        queries_(queries),
        metric_(metric),
        options_(options),
        kernels_(options.kernels ? *options.kernels : *AvailableKernels().front()),
        k_(std::min(options.k, base.rows)),
        depth_(base.dim),
        result_(result) {
    const size_t blocks = (base.dim + kMaxDepth - 1) / kMaxDepth;
    depth_ = (base.dim + blocks - 1) / blocks;
    panel_ = std::max<size_t>(1, kPanelQueries / kernels_.tile_queries) * kernels_.tile_queries;
    block_ = RoundUp(kBlockBases, kernels_.tile_bases);
  }

  void Run() {
    if (k_ == 0 || queries_.rows == 0) return;
    MeasureBase();
    std::vector<uint32_t> rows(queries_.rows);
    std::iota(rows.begin(), rows.end(), 0u);
    const size_t pool = k_ + options_.slack;
    rows = Pass(rows, pool);
    result_->widened = rows.size();
    if (!rows.empty()) rows = Pass(rows, pool * kWidenFactor);
    result_->scanned = rows.size();
    ParallelFor(options_.threads, rows.size(), [&](size_t i, unsigned) {
      if (!Cancelled()) Scan(rows[i]);
    });
    result_->cancelled = Cancelled();
  }

 private:
  bool Cancelled() const {
    return options_.cancelled && options_.cancelled->load(std::memory_order_relaxed);
  }

  // Key of a base row: bias - ip, which orders rows as the metric does. Half the squared norm for
  // euclidean, else 0.
  void MeasureBase() {
    bias_.assign(RoundUp(base_.rows, block_), 0.0f);
    constexpr size_t kChunk = 1024;
    const size_t chunks = (base_.rows + kChunk - 1) / kChunk;
    std::vector<double> largest(chunks, 0.0);
    ParallelFor(options_.threads, chunks, [&](size_t chunk, unsigned) {
      if (Cancelled()) return;
      const size_t end = std::min(base_.rows, (chunk + 1) * kChunk);
      for (size_t i = chunk * kChunk; i < end; ++i) {
        const double norm = kernels_.inner_product(base_.row(i), base_.row(i), base_.dim);
        // Not std::max: a norm that is not a number must reach the error bound, which then sends
        // all to the full scan.
        if (!(norm <= largest[chunk])) largest[chunk] = norm;
        if (metric_ == Metric::kEuclidean) bias_[i] = static_cast<float>(norm / 2);
      }
    });
    for (double norm : largest) {
      if (!(norm <= largest_norm_)) largest_norm_ = norm;
    }
  }

  // Bound of |float key - true key| for any base row: the dot product's dim roundings (Higham's
  // gamma), the rounded bias and the subtraction, and underflow of the products.
  double KeyError(const float* query) const {
    const double steps = static_cast<double>(base_.dim) * kFloatRounding;
    if (steps >= 0.5) return std::numeric_limits<double>::infinity();
    const double gamma = steps / (1 - steps);
    const double product =
        std::sqrt(kernels_.inner_product(query, query, base_.dim) * largest_norm_);
    const double bias = metric_ == Metric::kEuclidean ? largest_norm_ / 2 : 0;
    return gamma * product + 2 * kFloatRounding * (product + 2 * bias) +
           static_cast<double>(base_.dim) * std::numeric_limits<float>::denorm_min();
  }

  // Answers what a pool of `pool` candidates can prove; returns the rows of the queries that it
  // cannot.
  std::vector<uint32_t> Pass(const std::vector<uint32_t>& rows, size_t pool) {
    const size_t capacity = 2 * pool + block_;
    const size_t threads = std::max(1u, options_.threads);
    const size_t fitting = kPoolBytes / (threads * capacity * sizeof(Candidate));
    const size_t query_block =
        std::max(panel_, std::min(kMaxQueryBlock, fitting) / panel_ * panel_);
    std::vector<uint32_t> unproved;
    for (size_t first = 0; first < rows.size() && !Cancelled(); first += query_block) {
      const size_t count = std::min(query_block, rows.size() - first);
      QueryBlock(rows.data() + first, count, pool, capacity, &unproved);
      if (options_.progress) {
        options_.progress(static_cast<double>(first + count) / static_cast<double>(rows.size()));
      }
    }
    return unproved;
  }

  void QueryBlock(const uint32_t* rows, size_t count, size_t pool, size_t capacity,
                  std::vector<uint32_t>* unproved) {
    const unsigned threads = std::max(1u, options_.threads);
    const size_t padded = RoundUp(count, panel_);
    // Panels are packed one after the other; each is a multiple of the tile.
    AlignedBuffer<float> packed(padded * base_.dim);
    ParallelFor(threads, padded / panel_, [&](size_t p, unsigned) {
      const size_t first = p * panel_;
      const size_t present = std::min(panel_, count - first);
      Pack(
          present, base_.dim, depth_, kernels_.tile_queries,
          [&](size_t i) { return queries_.row(rows[first + i]); },
          packed.data() + first * base_.dim);
    });

    std::vector<AlignedBuffer<Candidate>> storage(threads);
    std::vector<std::vector<Pool>> pools(threads);
    std::vector<AlignedBuffer<float>> bases(threads);
    std::vector<AlignedBuffer<float>> products(threads);
    // A bound that one thread has proved holds for all: the pool-th smallest key of any subset is
    // no smaller than that of the whole.
    std::vector<std::atomic<float>> shared(count);
    for (auto& bound : shared) bound.store(std::numeric_limits<float>::infinity());

    const size_t blocks = (base_.rows + block_ - 1) / block_;
    ParallelFor(threads, blocks, [&](size_t b, unsigned thread) {
      if (Cancelled()) return;
      if (pools[thread].empty()) {
        storage[thread] = AlignedBuffer<Candidate>(count * capacity);
        bases[thread] = AlignedBuffer<float>(block_ * base_.dim);
        products[thread] = AlignedBuffer<float>(panel_ * block_);
        pools[thread].resize(count);
        for (size_t i = 0; i < count; ++i) {
          pools[thread][i] = {storage[thread].data() + i * capacity, 0,
                              std::numeric_limits<float>::infinity()};
        }
      }
      const size_t first = b * block_;
      const size_t present = std::min(block_, base_.rows - first);
      Pack(
          present, base_.dim, depth_, kernels_.tile_bases,
          [&](size_t i) { return base_.row(first + i); }, bases[thread].data());
      for (size_t p = 0; p < count; p += panel_) {
        const size_t panel_count = std::min(panel_, count - p);
        Multiply(packed.data() + p * base_.dim, panel_count, bases[thread].data(), present,
                 products[thread].data());
        for (size_t i = 0; i < panel_count; ++i) {
          Pool& mine = pools[thread][p + i];
          const float bound = std::min(mine.bound, shared[p + i].load(std::memory_order_relaxed));
          mine.count += kernels_.select_below(
              products[thread].data() + i * block_, bias_.data() + first, present, bound,
              static_cast<uint32_t>(first), mine.entries + mine.count);
          if (mine.count >= 2 * pool) {
            Shrink(&mine, pool);
            LowerTo(&shared[p + i], mine.bound);
          }
        }
      }
    });
    if (Cancelled()) return;

    std::mutex mutex;
    ParallelFor(threads, count, [&](size_t i, unsigned) {
      std::vector<Candidate> all;
      for (const auto& mine : pools) {
        if (!mine.empty()) {
          all.insert(all.end(), mine[i].entries, mine[i].entries + mine[i].count);
        }
      }
      if (!Rank(rows[i], pool, &all)) {
        const std::lock_guard<std::mutex> lock(mutex);
        unproved->push_back(rows[i]);
      }
    });
  }

  void Multiply(const float* queries, size_t query_count, const float* bases, size_t base_count,
                float* products) const {
    for (size_t from = 0; from < base_.dim; from += depth_) {
      const size_t size = std::min(depth_, base_.dim - from);
      for (size_t j = 0; j < base_count; j += kernels_.tile_bases) {
        const float* sliver = bases + j * size;
        for (size_t i = 0; i < query_count; i += kernels_.tile_queries) {
          kernels_.multiply_tile(size, queries + i * size, sliver, products + i * block_ + j,
                                 block_, from > 0);
        }
      }
      // The next depth block begins after all slivers of this one.
      queries += RoundUp(query_count, kernels_.tile_queries) * size;
      bases += RoundUp(base_count, kernels_.tile_bases) * size;
    }
  }

  static void Shrink(Pool* mine, size_t pool) {
    std::nth_element(mine->entries, mine->entries + pool - 1, mine->entries + mine->count,
                     NearerKey);
    mine->count = pool;
    mine->bound = mine->entries[pool - 1].key;
  }

  static void LowerTo(std::atomic<float>* bound, float value) {
    float seen = bound->load(std::memory_order_relaxed);
    while (value < seen && !bound->compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

  // Writes the answer of one query from its candidates, or returns false where they may miss a
  // neighbour.
  bool Rank(uint32_t row, size_t pool, std::vector<Candidate>* all) {
    if (all->size() < std::min(pool, base_.rows)) return false;  // keys that are not numbers
    const float* query = queries_.row(row);
    std::nth_element(all->begin(), all->begin() + k_ - 1, all->end(), NearerKey);
    // The true k-th key is at most kth + error. So a row whose float key is above kth + 2 * error
    // is no neighbour.
    const double limit = (*all)[k_ - 1].key + 2 * KeyError(query);
    if (!std::isfinite(limit)) return false;
    if (all->size() < base_.rows) {
      // Dropped rows have float keys no smaller than the pool-th smallest kept.
      std::nth_element(all->begin() + k_ - 1, all->begin() + pool - 1, all->end(), NearerKey);
      if ((*all)[pool - 1].key <= limit) return false;
    }
    std::vector<Neighbour> exact;
    exact.reserve(k_ + options_.slack);
    for (const Candidate& candidate : *all) {
      if (candidate.key <= limit) exact.push_back({Distance(query, candidate.id), candidate.id});
    }
    Write(row, &exact);
    return true;
  }

  void Scan(uint32_t row) {
    const float* query = queries_.row(row);
    std::vector<Neighbour> exact(base_.rows);
    for (size_t i = 0; i < base_.rows; ++i) {
      exact[i] = {Distance(query, static_cast<uint32_t>(i)), static_cast<uint32_t>(i)};
    }
    Write(row, &exact);
  }

  double Distance(const float* query, uint32_t id) const {
    double distance = 0;
    switch (metric_) {
      case Metric::kEuclidean:
        distance = kernels_.squared_distance(query, base_.row(id), base_.dim);
        break;
      case Metric::kAngular:
        distance = 1 - kernels_.inner_product(query, base_.row(id), base_.dim);
        break;
      case Metric::kInnerProduct:
        distance = -kernels_.inner_product(query, base_.row(id), base_.dim);
        break;
    }
    // Sorting needs an order; what is not a number is farthest.
    return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
  }

  void Write(uint32_t row, std::vector<Neighbour>* exact) const {
    std::partial_sort(exact->begin(), exact->begin() + k_, exact->end());
    for (size_t i = 0; i < k_; ++i) {
      result_->ids[row * options_.k + i] = (*exact)[i].id;
      result_->distances[row * options_.k + i] = static_cast<float>((*exact)[i].distance);
    }
  }

  const MatrixView base_;
  const MatrixView queries_;
  const Metric metric_;
  const KnnOptions& options_;
  const KernelSet& kernels_;
  const size_t k_;
  size_t depth_;
  size_t panel_ = 0;
  size_t block_ = 0;
  std::vector<float> bias_;
  double largest_norm_ = 0;
  KnnResult* const result_;
};

}  // namespace

KnnResult ExactKnn(const MatrixView& base, const MatrixView& queries, Metric metric,
                   const KnnOptions& options) {
  KnnResult result;
  result.k = options.k;
  result.ids.assign(queries.rows * options.k, kNoId);
  result.distances.assign(queries.rows * options.k, std::numeric_limits<float>::infinity());
  Search(base, queries, metric, options, &result).Run();
  return result;
}

std::vector<const KernelSet*> AvailableKernels() {
  std::vector<const KernelSet*> sets;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) sets.push_back(&kAvx512Kernels);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back(&kAvx2Kernels);
#elif defined(__aarch64__)
  sets.push_back(&kNeonKernels);
#endif
  sets.push_back(&kPortableKernels);
  return sets;
}

}  // namespace annsmith
