// Builds an index through the adapter's C ABI on small clustered sets and prints one line per metric:
// recall@10 against brute force, digests of the answers and of the exported graph, edges of level 0,
// lists above it. Exits 1 where an answer is false, or where a graph that was exported, imported and
// prepared is not the same or answers otherwise. The argument is the number of build threads.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "annsmith/abi.h"

namespace {

constexpr std::uint32_t kResults = 10;
constexpr std::uint32_t kBeam = 64;
constexpr std::size_t kQueries = 60;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), annsmith_last_error());
  std::exit(1);
}

void Require(bool holds, const char* what) {
  if (!holds) Fail(what);
}

/// Rows around a dozen centres that lie far apart.
std::vector<float> Clusters(std::size_t rows, std::size_t dim, bool unit, std::uint32_t seed) {
  std::mt19937 centre_generator(7);
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> centres(12 * dim);
  for (float& value : centres) value = 4 * normal(centre_generator);
  std::vector<float> values(rows * dim);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* centre = centres.data() + generator() % 12 * dim;
    double norm = 0;
    for (std::size_t j = 0; j < dim; ++j) {
      values[i * dim + j] = centre[j] + normal(generator);
      norm += values[i * dim + j] * values[i * dim + j];
    }
    for (std::size_t j = 0; unit && j < dim; ++j)
      values[i * dim + j] /= static_cast<float>(std::sqrt(norm));
  }
  return values;
}

double Exact(int metric, const float* a, const float* b, std::size_t dim) {
  double dot = 0, squared = 0;
  for (std::size_t j = 0; j < dim; ++j) {
    dot += static_cast<double>(a[j]) * b[j];
    squared += (static_cast<double>(a[j]) - b[j]) * (static_cast<double>(a[j]) - b[j]);
  }
  return metric == ANNSMITH_EUCLIDEAN ? squared : metric == ANNSMITH_ANGULAR ? 1 - dot : -dot;
}

struct Exported {
  std::uint32_t n = 0, entry_point = 0, max_level = 0;
  std::vector<std::uint8_t> levels;
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint32_t> neighbours;

  bool operator==(const Exported& other) const {
    return n == other.n && entry_point == other.entry_point && max_level == other.max_level &&
           levels == other.levels && offsets == other.offsets && neighbours == other.neighbours;
  }
  annsmith_graph view() const {
    return {n, entry_point, max_level, levels.data(), offsets.data(), neighbours.data()};
  }
};

Exported Export(const annsmith_index* index) {
  Exported graph;
  const annsmith_graph_sink sink{
      &graph,
      [](void* context, std::uint32_t n, std::uint32_t entry_point, std::uint32_t max_level) {
        auto& made = *static_cast<Exported*>(context);
        made.n = n;
        made.entry_point = entry_point;
        made.max_level = max_level;
        made.levels.assign(n, 0);
        return 0;
      },
      [](void* context, std::uint32_t node, std::uint32_t level, const std::uint32_t* ids,
         std::uint32_t count) {
        auto& made = *static_cast<Exported*>(context);
        made.levels[node] = static_cast<std::uint8_t>(level);
        made.neighbours.insert(made.neighbours.end(), ids, ids + count);
        made.offsets.push_back(made.neighbours.size());
        return 0;
      }};
  Require(annsmith_export_graph(index, &sink) == ANNSMITH_OK, "export");
  return graph;
}

std::uint64_t Digest(const void* bytes, std::size_t size, std::uint64_t digest = 1469598103934665603U) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < size; ++i) digest = (digest ^ at[i]) * 1099511628211U;
  return digest;
}

struct Answers {
  std::vector<std::uint32_t> ids;
  std::vector<float> distances;

  bool operator==(const Answers& other) const {
    return ids == other.ids && distances == other.distances;
  }
};

Answers Search(annsmith_index* index, const std::vector<float>& queries, std::size_t dim) {
  Answers answers{std::vector<std::uint32_t>(kQueries * kResults),
                  std::vector<float>(kQueries * kResults)};
  for (std::size_t q = 0; q < kQueries; ++q) {
    Require(annsmith_search(index, queries.data() + q * dim, kResults, kBeam,
                            answers.ids.data() + q * kResults,
                            answers.distances.data() + q * kResults) == ANNSMITH_OK,
            "search");
  }
  return answers;
}

/// Recall; exits where a distance is not that of its id, or ids repeat.
double Recall(int metric, const Answers& answers, const std::vector<float>& base,
              const std::vector<float>& queries, std::size_t dim) {
  const std::size_t n = base.size() / dim;
  std::size_t hits = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    std::vector<double> exact(n);
    for (std::size_t i = 0; i < n; ++i)
      exact[i] = Exact(metric, queries.data() + q * dim, base.data() + i * dim, dim);
    std::vector<double> sorted = exact;
    std::sort(sorted.begin(), sorted.end());
    const std::uint32_t* ids = answers.ids.data() + q * kResults;
    for (std::size_t i = 0; i < kResults; ++i) {
      Require(ids[i] < n && std::find(ids, ids + i, ids[i]) == ids + i, "an id is none or repeats");
      const double given = answers.distances[q * kResults + i];
      Require(std::abs(given - exact[ids[i]]) <= 1e-4 * (1 + std::abs(given)), "a false distance");
      hits += exact[ids[i]] <= sorted[kResults - 1] + 1e-6 * std::abs(sorted[kResults - 1]);
    }
  }
  return static_cast<double>(hits) / (kQueries * kResults);
}

annsmith_index* Create(int metric, std::size_t dim) {
  annsmith_index* index = nullptr;
  const char* parameters = "{\"M\": 8, \"efConstruction\": 60, \"seed\": 42}";
  Require(annsmith_create(static_cast<std::uint32_t>(dim), metric, parameters, &index) == ANNSMITH_OK,
          "create");
  return index;
}

void Check(int metric, std::size_t n, std::size_t dim, std::uint32_t threads) {
  const bool unit = metric == ANNSMITH_ANGULAR;
  const std::vector<float> base = Clusters(n, dim, unit, 1);
  const std::vector<float> queries = Clusters(kQueries, dim, unit, 2);
  annsmith_index* built = Create(metric, dim);
  Require(annsmith_build(built, base.data(), n, threads) == ANNSMITH_OK, "build");
  const Exported graph = Export(built);
  Require(annsmith_prepare(built, base.data(), n) == ANNSMITH_OK, "prepare");
  Require(Export(built) == graph, "the graph is exported otherwise after prepare()");
  const Answers answers = Search(built, queries, dim);
  annsmith_destroy(built);

  annsmith_index* imported = Create(metric, dim);
  const annsmith_graph view = graph.view();
  Require(annsmith_import_graph(imported, base.data(), n, &view) == ANNSMITH_OK, "import");
  Require(annsmith_prepare(imported, base.data(), n) == ANNSMITH_OK, "prepare after import");
  Require(Export(imported) == graph, "an imported graph is exported otherwise");
  Require(Search(imported, queries, dim) == answers, "an imported graph answers otherwise");
  annsmith_destroy(imported);

  std::size_t edges = 0, list = 0;
  for (std::size_t node = 0; node < n; list += graph.levels[node++] + 1U)
    edges += graph.offsets[list + 1] - graph.offsets[list];
  const std::uint64_t answered = Digest(
      answers.distances.data(), answers.distances.size() * sizeof(float),
      Digest(answers.ids.data(), answers.ids.size() * sizeof(std::uint32_t)));
  const std::uint64_t linked =
      Digest(graph.neighbours.data(), graph.neighbours.size() * sizeof(std::uint32_t));
  std::printf("%.4f %016llx %016llx %zu %zu\n", Recall(metric, answers, base, queries, dim),
              static_cast<unsigned long long>(answered), static_cast<unsigned long long>(linked), edges,
              list - n);
}

}  // namespace

int main(int count, char** arguments) {
  const auto threads =
      static_cast<std::uint32_t>(count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1);
  Check(ANNSMITH_EUCLIDEAN, 900, 33, threads);
  Check(ANNSMITH_ANGULAR, 800, 48, threads);
  Check(ANNSMITH_INNER_PRODUCT, 700, 20, threads);
}
