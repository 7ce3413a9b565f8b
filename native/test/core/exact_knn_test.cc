#include "core/exact_knn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace annsmith {
namespace {

using Rows = std::vector<float>;

MatrixView View(const Rows& rows, size_t dim) { return {rows.data(), rows.size() / dim, dim}; }

Rows GaussianRows(size_t count, size_t dim, uint32_t seed, bool unit = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Rows rows(count * dim);
  for (float& value : rows) value = normal(random);
  for (size_t i = 0; unit && i < count; ++i) {
    double squares = 0;
    for (size_t t = 0; t < dim; ++t) squares += double{rows[i * dim + t]} * rows[i * dim + t];
    for (size_t t = 0; t < dim; ++t) {
      rows[i * dim + t] = static_cast<float>(rows[i * dim + t] / std::sqrt(squares));
    }
  }
  return rows;
}

// Small integers: every sum is exact in float and double, so that ties are true ties.
Rows IntegerRows(size_t count, size_t dim, int largest, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> uniform(0, largest);
  Rows rows(count * dim);
  for (float& value : rows) value = static_cast<float>(uniform(random));
  return rows;
}

double Distance(Metric metric, const float* a, const float* b, size_t dim) {
  double squares = 0;
  double product = 0;
  for (size_t t = 0; t < dim; ++t) {
    squares += (double{a[t]} - b[t]) * (double{a[t]} - b[t]);
    product += double{a[t]} * b[t];
  }
  if (metric == Metric::kEuclidean) return squares;
  return metric == Metric::kAngular ? 1 - product : -product;
}

using Pairs = std::vector<std::pair<double, uint32_t>>;

Pairs BruteForce(const MatrixView& base, const float* query, Metric metric) {
  Pairs all(base.rows);
  for (size_t i = 0; i < base.rows; ++i) {
    all[i] = {Distance(metric, query, base.row(i), base.dim), static_cast<uint32_t>(i)};
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Rows whose distances differ by less than the order of summation may swap; all else must agree.
void ExpectExact(const MatrixView& base, const MatrixView& queries, Metric metric,
                 const KnnResult& result) {
  ASSERT_EQ(result.ids.size(), queries.rows * result.k);
  for (size_t q = 0; q < queries.rows; ++q) {
    const Pairs expected = BruteForce(base, queries.row(q), metric);
    std::vector<bool> seen(base.rows, false);
    for (size_t i = 0; i < result.k; ++i) {
      const uint32_t id = result.ids[q * result.k + i];
      const float distance = result.distances[q * result.k + i];
      if (i >= base.rows) {
        EXPECT_EQ(id, kNoId);
        EXPECT_EQ(distance, std::numeric_limits<float>::infinity());
        continue;
      }
      ASSERT_LT(id, base.rows) << "query " << q << " place " << i;
      EXPECT_FALSE(seen[id]) << "query " << q << " lists " << id << " twice";
      seen[id] = true;
      const double own = Distance(metric, queries.row(q), base.row(id), base.dim);
      const double scale = std::max(1.0, std::fabs(expected[i].first));
      ASSERT_NEAR(own, expected[i].first, 1e-11 * scale) << "query " << q << " place " << i;
      ASSERT_NEAR(distance, expected[i].first, 1e-7 * scale);
    }
  }
}

KnnOptions Options(const KernelSet* kernels, size_t k, unsigned threads = 2) {
  KnnOptions options;
  options.kernels = kernels;
  options.k = k;
  options.threads = threads;
  return options;
}

class EveryKernel : public testing::TestWithParam<const KernelSet*> {};

TEST_P(EveryKernel, AgreesWithBruteForceForOddShapes) {
  struct Shape {
    size_t n, dim, queries, k;
  };
  const Shape shapes[] = {{1, 1, 1, 1},      {7, 1, 3, 5},       {33, 3, 17, 10},
                          {513, 31, 15, 10}, {1025, 100, 29, 7}, {2000, 257, 113, 100},
                          {700, 784, 9, 50}, {601, 1000, 115, 3}};
  for (const Metric metric : {Metric::kEuclidean, Metric::kAngular, Metric::kInnerProduct}) {
    for (const Shape& shape : shapes) {
      SCOPED_TRACE("n " + std::to_string(shape.n) + " dim " + std::to_string(shape.dim) +
                   " metric " + std::to_string(static_cast<int>(metric)));
      const bool unit = metric == Metric::kAngular;
      const Rows base = GaussianRows(shape.n, shape.dim, 1, unit);
      const Rows queries = GaussianRows(shape.queries, shape.dim, 2, unit);
      ExpectExact(View(base, shape.dim), View(queries, shape.dim), metric,
                  ExactKnn(View(base, shape.dim), View(queries, shape.dim), metric,
                           Options(GetParam(), shape.k)));
    }
  }
}

TEST_P(EveryKernel, AgreesWithBruteForceForEveryDimensionUpTo80) {
  for (size_t dim = 1; dim <= 80; ++dim) {
    SCOPED_TRACE(dim);
    const Rows base = GaussianRows(90, dim, 3);
    const Rows queries = GaussianRows(4, dim, 4);
    ExpectExact(
        View(base, dim), View(queries, dim), Metric::kEuclidean,
        ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, Options(GetParam(), 10)));
  }
}

TEST_P(EveryKernel, OrdersTiesById) {
  const size_t dim = 5;
  const Rows base = IntegerRows(3000, dim, 2, 5);
  const Rows queries = IntegerRows(20, dim, 2, 6);
  const KnnResult result =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, Options(GetParam(), 100));
  for (size_t q = 0; q < 20; ++q) {
    const Pairs expected =
        BruteForce(View(base, dim), queries.data() + q * dim, Metric::kEuclidean);
    for (size_t i = 0; i < 100; ++i) {
      ASSERT_EQ(result.ids[q * 100 + i], expected[i].second) << "query " << q << " place " << i;
    }
  }
  EXPECT_GT(result.widened, 0u) << "hundreds of equal distances cannot be proved by a narrow pool";
}

TEST_P(EveryKernel, IsExactWhereSinglePrecisionIsNot) {
  // Far from the origin, distances are lost in the rounding of the norms: only the bound saves the
  // answer.
  const size_t dim = 24;
  Rows base = GaussianRows(4000, dim, 7);
  Rows queries = GaussianRows(12, dim, 8);
  for (float& value : base) value += 3000;
  for (float& value : queries) value += 3000;
  const KnnResult result =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, Options(GetParam(), 10));
  ExpectExact(View(base, dim), View(queries, dim), Metric::kEuclidean, result);
  EXPECT_GT(result.widened, 0u);
}

TEST_P(EveryKernel, SurvivesOverflowOfSinglePrecision) {
  const size_t dim = 16;
  Rows base = GaussianRows(300, dim, 9);
  Rows queries = GaussianRows(3, dim, 10);
  for (float& value : base) value *= 1e25f;
  for (float& value : queries) value *= 1e25f;
  const KnnResult result =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kInnerProduct, Options(GetParam(), 5));
  EXPECT_EQ(result.scanned, 3u);
  for (size_t q = 0; q < 3; ++q) {
    const Pairs expected =
        BruteForce(View(base, dim), queries.data() + q * dim, Metric::kInnerProduct);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(result.ids[q * 5 + i], expected[i].second);
  }
}

TEST_P(EveryKernel, AnswersRowsThatAreNotNumbersLast) {
  const size_t dim = 4;
  Rows base = GaussianRows(50, dim, 11);
  base[3 * dim] = std::numeric_limits<float>::quiet_NaN();
  const Rows queries = GaussianRows(2, dim, 12);
  const KnnResult result =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, Options(GetParam(), 50));
  for (size_t q = 0; q < 2; ++q) EXPECT_EQ(result.ids[q * 50 + 49], 3u);
}

INSTANTIATE_TEST_SUITE_P(Available, EveryKernel, testing::ValuesIn(AvailableKernels()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(ExactKnn, DoesNotDependOnThreadsOrSlack) {
  const size_t dim = 40;
  const Rows base = GaussianRows(5000, dim, 13);
  const Rows queries = GaussianRows(1500, dim, 14);
  const KnnResult one =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, Options(nullptr, 20, 1));
  KnnOptions options = Options(nullptr, 20, 5);
  options.slack = 0;
  const KnnResult other =
      ExactKnn(View(base, dim), View(queries, dim), Metric::kEuclidean, options);
  EXPECT_EQ(one.ids, other.ids);
  EXPECT_EQ(one.distances, other.distances);
}

TEST(ExactKnn, HandlesMoreNeighboursThanRows) {
  const Rows base = GaussianRows(3, 8, 15);
  const Rows queries = GaussianRows(2, 8, 16);
  ExpectExact(View(base, 8), View(queries, 8), Metric::kEuclidean,
              ExactKnn(View(base, 8), View(queries, 8), Metric::kEuclidean, Options(nullptr, 10)));
}

TEST(ExactKnn, StopsWhenCancelled) {
  const Rows base = GaussianRows(2000, 16, 17);
  const Rows queries = GaussianRows(3000, 16, 18);
  std::atomic<bool> cancelled{false};
  KnnOptions options = Options(nullptr, 10);
  options.cancelled = &cancelled;
  std::vector<double> fractions;
  options.progress = [&](double fraction) {
    fractions.push_back(fraction);
    cancelled = true;
  };
  EXPECT_TRUE(ExactKnn(View(base, 16), View(queries, 16), Metric::kEuclidean, options).cancelled);
  ASSERT_EQ(fractions.size(), 1u);
  EXPECT_LT(fractions[0], 1.0);
}

}  // namespace
}  // namespace annsmith
