// Builds a small index through the C ABI, exports its graph, imports it again and searches both.
// Prints one JSON object; exits non-zero when a call fails that must not.
#include <annsmith/abi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

namespace {

constexpr std::uint32_t kDim = 24;
constexpr std::uint32_t kRows = 2000;
constexpr std::uint32_t kK = 10;
constexpr std::uint32_t kEf = 80;
constexpr int kQueries = 100;

struct Graph {
  std::uint32_t entry_point = 0;
  std::uint32_t max_level = 0;
  std::vector<std::uint8_t> levels;
  std::vector<std::uint64_t> offsets{0};
  std::vector<std::uint32_t> neighbours;

  bool operator==(const Graph& other) const {
    return entry_point == other.entry_point && max_level == other.max_level &&
           levels == other.levels && offsets == other.offsets && neighbours == other.neighbours;
  }
  annsmith_graph View() const {
    return {kRows, entry_point, max_level, levels.data(), offsets.data(), neighbours.data()};
  }
};

int Header(void* context, std::uint32_t n, std::uint32_t entry_point, std::uint32_t max_level) {
  auto* graph = static_cast<Graph*>(context);
  graph->entry_point = entry_point;
  graph->max_level = max_level;
  graph->levels.assign(n, 0);
  return 0;
}

int List(void* context, std::uint32_t node, std::uint32_t level, const std::uint32_t* neighbours,
         std::uint32_t count) {
  auto* graph = static_cast<Graph*>(context);
  graph->levels[node] = static_cast<std::uint8_t>(level);
  graph->neighbours.insert(graph->neighbours.end(), neighbours, neighbours + count);
  graph->offsets.push_back(graph->neighbours.size());
  return 0;
}

Graph Exported(const annsmith_index* index) {
  Graph graph;
  const annsmith_graph_sink sink{&graph, Header, List};
  if (annsmith_export_graph(index, &sink) != ANNSMITH_OK) std::exit(3);
  return graph;
}

double TrueDistance(int metric, const float* a, const float* b) {
  double sum = 0;
  for (std::uint32_t i = 0; i < kDim; ++i) {
    sum += metric == ANNSMITH_EUCLIDEAN ? (a[i] - b[i]) * (a[i] - b[i]) : -a[i] * b[i];
  }
  return metric == ANNSMITH_ANGULAR ? 1 + sum : sum;
}

}  // namespace

int main(int, char** argv) {
  const int metric = std::atoi(argv[1]);
  const auto threads = static_cast<std::uint32_t>(std::atoi(argv[2]));
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  std::vector<float> base(kRows * kDim);
  for (float& x : base) x = normal(generator);

  annsmith_index* built = nullptr;
  annsmith_index* imported = nullptr;
  const char* params = "{\"M\": 8, \"efConstruction\": 100, \"seed\": 7}";
  if (annsmith_create(kDim, metric, params, &built) ||
      annsmith_create(kDim, metric, params, &imported)) {
    return 1;
  }
  if (annsmith_build(built, base.data(), kRows, threads)) return 2;
  const Graph graph = Exported(built);
  const annsmith_graph view = graph.View();
  if (annsmith_import_graph(imported, base.data(), kRows, &view)) return 4;
  if (annsmith_prepare(built, base.data(), kRows)) return 5;
  if (annsmith_prepare(imported, base.data(), kRows)) return 5;

  int differing = 0;
  int hits = 0;
  int false_distances = 0;
  std::vector<float> query(kDim);
  for (int q = 0; q < kQueries; ++q) {
    for (float& x : query) x = normal(generator);
    std::uint32_t ids[kK], other_ids[kK];
    float distances[kK], other_distances[kK];
    if (annsmith_search(built, query.data(), kK, kEf, ids, distances)) return 6;
    if (annsmith_search(imported, query.data(), kK, kEf, other_ids, other_distances)) return 6;
    std::vector<std::pair<double, std::uint32_t>> exact;
    for (std::uint32_t row = 0; row < kRows; ++row) {
      exact.emplace_back(TrueDistance(metric, &base[row * kDim], query.data()), row);
    }
    std::sort(exact.begin(), exact.end());
    for (std::uint32_t i = 0; i < kK; ++i) {
      differing += ids[i] != other_ids[i] || distances[i] != other_distances[i];
      const double truth = TrueDistance(metric, &base[ids[i] * kDim], query.data());
      false_distances += std::abs(truth - distances[i]) > 1e-4 * std::max(1.0, std::abs(truth));
      hits += truth <= exact[kK - 1].first + 1e-9;
    }
  }

  Graph broken = graph;
  broken.neighbours[0] = kRows;
  const annsmith_graph broken_view = broken.View();
  const int refused = annsmith_import_graph(imported, base.data(), kRows, &broken_view);
  std::printf(
      "{\"sameGraph\": %s, \"differing\": %d, \"falseDistances\": %d, \"recall\": %.4f, "
      "\"brokenGraph\": %d, \"message\": \"%s\", \"memory\": %llu}\n",
      Exported(imported) == graph ? "true" : "false", differing, false_distances,
      hits / (1.0 * kQueries * kK), refused, annsmith_last_error(),
      static_cast<unsigned long long>(annsmith_memory(built)));
  annsmith_destroy(built);
  annsmith_destroy(imported);
  return 0;
}
