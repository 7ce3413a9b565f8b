// The inner loops, written once over vectors of kLanes floats (GNU vector extensions, which GCC and
// Clang lower to the instruction set of the including file). Everything is in an unnamed namespace:
// see kernel_set.h for why.
#ifndef ANNSMITH_CORE_KERNELS_KERNEL_TEMPLATE_H_
#define ANNSMITH_CORE_KERNELS_KERNEL_TEMPLATE_H_

#include <string.h>

#include "core/kernels/kernel_set.h"

#if defined(__clang__)
#define ANNSMITH_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ANNSMITH_UNROLL _Pragma("GCC unroll 64")
#endif

namespace annsmith {
namespace {

// Spelt out: GCC ignores a vector size that depends on a template parameter.
template <int kCount>
struct Lanes;
#define ANNSMITH_LANES(count)                                                   \
  template <>                                                                   \
  struct Lanes<count> {                                                         \
    typedef float Float __attribute__((vector_size(count * sizeof(float))));    \
    typedef double Double __attribute__((vector_size(count * sizeof(double)))); \
  };
ANNSMITH_LANES(2)
ANNSMITH_LANES(4)
ANNSMITH_LANES(8)
ANNSMITH_LANES(16)
#undef ANNSMITH_LANES

// kLanes floats per vector; a tile is kRows queries by kVectors * kLanes base rows and must fit the
// register file.
template <int kLanes, int kRows, int kVectors>
struct Kernels {
  static constexpr int kColumns = kVectors * kLanes;
  static constexpr int kHalf = kLanes / 2;
  using Vector = typename Lanes<kLanes>::Float;
  using HalfVector = typename Lanes<kHalf>::Float;
  using DoubleVector = typename Lanes<kHalf>::Double;

  static void MultiplyTile(size_t depth, const float* queries, const float* bases, float* products,
                           size_t stride, bool accumulate) {
    Vector sums[kRows][kVectors];
    ANNSMITH_UNROLL
    for (int i = 0; i < kRows; ++i) {
      ANNSMITH_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[i][v] = Vector{};
    }
    for (size_t t = 0; t < depth; ++t) {
      Vector base[kVectors];
      ANNSMITH_UNROLL
      for (int v = 0; v < kVectors; ++v) memcpy(&base[v], bases + v * kLanes, sizeof(Vector));
      ANNSMITH_UNROLL
      for (int i = 0; i < kRows; ++i) {
        ANNSMITH_UNROLL
        for (int v = 0; v < kVectors; ++v) sums[i][v] += queries[i] * base[v];
      }
      queries += kRows;
      bases += kColumns;
    }
    ANNSMITH_UNROLL
    for (int i = 0; i < kRows; ++i) {
      ANNSMITH_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        float* place = products + i * stride + v * kLanes;
        if (accumulate) {
          Vector old;
          memcpy(&old, place, sizeof(old));
          sums[i][v] += old;
        }
        memcpy(place, &sums[i][v], sizeof(Vector));
      }
    }
  }

  static size_t SelectBelow(const float* products, const float* bias, size_t count, float bound,
                            uint32_t first_id, Candidate* out) {
    constexpr size_t kBlock = 32;
    size_t found = 0;
    size_t j = 0;
    // Nearly every block holds nothing near: one branch for 32 rows.
    for (; j + kBlock <= count; j += kBlock) {
      int any = 0;
      for (size_t t = 0; t < kBlock; ++t) any |= bias[j + t] - products[j + t] < bound;
      if (any) found += SelectOneByOne(products, bias, j, j + kBlock, bound, first_id, out + found);
    }
    return found + SelectOneByOne(products, bias, j, count, bound, first_id, out + found);
  }

  static double InnerProduct(const float* a, const float* b, size_t dim) {
    return Accumulate<false>(a, b, dim);
  }

  static double SquaredDistance(const float* a, const float* b, size_t dim) {
    return Accumulate<true>(a, b, dim);
  }

 private:
  static size_t SelectOneByOne(const float* products, const float* bias, size_t from, size_t to,
                               float bound, uint32_t first_id, Candidate* out) {
    size_t found = 0;
    for (size_t j = from; j < to; ++j) {
      const float key = bias[j] - products[j];
      // Written always, kept sometimes: no branch to mispredict.
      out[found].key = key;
      out[found].id = first_id + static_cast<uint32_t>(j);
      found += key < bound;
    }
    return found;
  }

  template <bool kSquaredDifference>
  static double Accumulate(const float* a, const float* b, size_t dim) {
    constexpr int kChains = 4;  // independent sums hide the latency of the addition
    DoubleVector sums[kChains] = {};
    size_t t = 0;
    for (; t + kChains * kHalf <= dim; t += kChains * kHalf) {
      ANNSMITH_UNROLL
      for (int c = 0; c < kChains; ++c) {
        const DoubleVector x = Widen(a + t + c * kHalf);
        const DoubleVector y = Widen(b + t + c * kHalf);
        if (kSquaredDifference) {
          sums[c] += (x - y) * (x - y);
        } else {
          sums[c] += x * y;
        }
      }
    }
    const DoubleVector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    double total = 0;
    for (int lane = 0; lane < kHalf; ++lane) total += sum[lane];
    for (; t < dim; ++t) {
      const double x = a[t];
      const double y = b[t];
      total += kSquaredDifference ? (x - y) * (x - y) : x * y;
    }
    return total;
  }

  static DoubleVector Widen(const float* from) {
    HalfVector half;
    memcpy(&half, from, sizeof(half));
    return __builtin_convertvector(half, DoubleVector);
  }
};

template <typename K, int kRows>
constexpr KernelSet MakeKernelSet(const char* name) {
  return {name,
          kRows,
          static_cast<size_t>(K::kColumns),
          K::MultiplyTile,
          K::SelectBelow,
          K::InnerProduct,
          K::SquaredDistance};
}

}  // namespace
}  // namespace annsmith

#endif  // ANNSMITH_CORE_KERNELS_KERNEL_TEMPLATE_H_
