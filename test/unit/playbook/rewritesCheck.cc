// Runs an index on small random sets of every metric and prints the recall against brute force, one
// line per metric. The argument is the number of build threads. Exits 1 where ids repeat, distances
// are not those of the ids, or order is wrong.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "hnsw/index.h"

namespace {

constexpr std::size_t kQueries = 60;
constexpr std::size_t kResults = 10;
constexpr std::size_t kBeam = 64;

std::vector<float> Gaussian(std::size_t rows, std::size_t dim, bool unit, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.3F, 1.0F);
  std::vector<float> values(rows * dim);
  for (float& value : values) value = normal(generator);
  for (std::size_t i = 0; unit && i < rows; ++i) {
    double norm = 0;
    for (std::size_t j = 0; j < dim; ++j) norm += values[i * dim + j] * values[i * dim + j];
    for (std::size_t j = 0; j < dim; ++j)
      values[i * dim + j] /= static_cast<float>(std::sqrt(norm));
  }
  return values;
}

double Exact(hnsw::Metric metric, const float* a, const float* b, std::size_t dim) {
  double dot = 0;
  double squared = 0;
  for (std::size_t j = 0; j < dim; ++j) {
    dot += static_cast<double>(a[j]) * b[j];
    squared += (static_cast<double>(a[j]) - b[j]) * (static_cast<double>(a[j]) - b[j]);
  }
  if (metric == hnsw::Metric::kEuclidean) return squared;
  return metric == hnsw::Metric::kAngular ? 1 - dot : -dot;
}

/// Recall, or a negative value where an answer is false.
double Check(hnsw::Metric metric, std::size_t n, std::size_t dim, std::size_t threads) {
  const bool unit = metric == hnsw::Metric::kAngular;
  const std::vector<float> base = Gaussian(n, dim, unit, 1);
  const std::vector<float> queries = Gaussian(kQueries, dim, unit, 2);
  hnsw::Index index(base.data(), n, dim, metric, {8, 60, 42}, threads);
  index.Prepare();
  std::size_t hits = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    const float* query = queries.data() + q * dim;
    std::vector<double> exact(n);
    for (std::size_t i = 0; i < n; ++i) exact[i] = Exact(metric, query, base.data() + i * dim, dim);
    std::vector<double> sorted = exact;
    std::sort(sorted.begin(), sorted.end());
    const std::vector<hnsw::Neighbour> found = index.Search(query, kResults, kBeam);
    if (found.size() != kResults) return -1;
    for (std::size_t i = 0; i < kResults; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (found[i].id == found[j].id) return -2;
      }
      if (i > 0 && found[i] < found[i - 1]) return -3;
      const double expected = exact[found[i].id];
      if (std::abs(found[i].distance - expected) > 1e-4 * (1 + std::abs(expected))) return -4;
      hits += expected <= sorted[kResults - 1] * (1 + 1e-6 * (sorted[kResults - 1] > 0 ? 1 : -1));
    }
  }
  return static_cast<double>(hits) / (kQueries * kResults);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t threads = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1;
  bool good = true;
  const std::size_t rows[] = {700, 650, 600};
  const std::size_t dims[] = {33, 48, 20};
  const hnsw::Metric metrics[] = {hnsw::Metric::kEuclidean, hnsw::Metric::kAngular,
                                  hnsw::Metric::kInnerProduct};
  for (int i = 0; i < 3; ++i) {
    const double recall = Check(metrics[i], rows[i], dims[i], threads);
    std::printf("%.4f\n", recall);
    good = good && recall >= 0;
  }
  return good ? 0 : 1;
}
