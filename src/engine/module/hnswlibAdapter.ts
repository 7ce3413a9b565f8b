/** Name of the adapter that `annsmith init` writes into an hnswlib workspace. */
export const hnswlibAdapterFile = 'annsmith_adapter.cc';

/**
 * C++17 source of the adapter: the C ABI (annsmith/abi.h) over hnswlib's public members. It is the user's to keep and
 * change once written.
 */
export const hnswlibAdapter = `// Annsmith adapter for hnswlib: implements the C ABI over HierarchicalNSW<float>.
// Thread-safety: one call at a time per index, as the ABI asks; only annsmith_build() starts
// threads.
#include <annsmith/abi.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hnswlib.h"

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;

thread_local std::string last_error;

int Fail(int status, const std::string& message) {
  last_error = message;
  return status;
}

// Runs the work and turns what it throws into a status.
template <typename Work>
int Guarded(Work work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    return Fail(ANNSMITH_INVALID_ARGUMENT, error.what());
  } catch (const std::bad_alloc&) {
    return Fail(ANNSMITH_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return Fail(ANNSMITH_INTERNAL, error.what());
  } catch (...) {
    return Fail(ANNSMITH_INTERNAL, "unknown exception");
  }
}

// The integer behind "key": in a flat JSON object, or the fallback where there is none.
long ReadParameter(const std::string& json, const std::string& key, long fallback) {
  const std::size_t name = json.find('"' + key + '"');
  if (name == std::string::npos) return fallback;
  const std::size_t colon = json.find(':', name);
  if (colon == std::string::npos) return fallback;
  const char* text = json.c_str() + colon + 1;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  return end == text ? fallback : value;
}

std::unique_ptr<hnswlib::SpaceInterface<float>> MakeSpace(int metric, std::size_t dim) {
  if (metric == ANNSMITH_EUCLIDEAN) return std::make_unique<hnswlib::L2Space>(dim);
  return std::make_unique<hnswlib::InnerProductSpace>(dim);
}

}  // namespace

// Owns the space that the graph points to, so the space outlives the graph.
struct annsmith_index {
  std::size_t dim = 0;
  int metric = ANNSMITH_EUCLIDEAN;
  std::size_t M = 16;
  std::size_t ef_construction = 200;
  std::size_t seed = 42;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  std::unique_ptr<Graph> graph;

  std::unique_ptr<Graph> EmptyGraph(std::uint64_t n) const {
    return std::make_unique<Graph>(space.get(), n, M, ef_construction, seed);
  }

  // hnswlib returns 1 - inner product; the ABI asks for -inner product.
  float DistanceOffset() const { return metric == ANNSMITH_INNER_PRODUCT ? -1.0f : 0.0f; }
};

namespace {

void AddInParallel(Graph& graph, const float* base, std::size_t dim, std::uint64_t n,
                   std::uint32_t threads) {
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto work = [&] {
    try {
      for (std::uint64_t row = next++; row < n; row = next++) graph.addPoint(base + row * dim, row);
    } catch (...) {
      next = n;
      const std::lock_guard<std::mutex> lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  for (std::uint32_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

void SetLinks(Graph& graph, hnswlib::linklistsizeint* list, const annsmith_graph& source,
              std::size_t list_index, std::size_t capacity) {
  const std::uint64_t first = source.offsets[list_index];
  const std::uint64_t count = source.offsets[list_index + 1] - first;
  if (count > capacity) {
    throw std::invalid_argument("a neighbour list of the graph has " + std::to_string(count) +
                                " entries; M allows " + std::to_string(capacity));
  }
  graph.setListCount(list, static_cast<unsigned short>(count));
  auto* ids = reinterpret_cast<hnswlib::tableint*>(list + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    ids[i] = source.neighbours[first + i];
    if (ids[i] >= source.n) throw std::invalid_argument("the graph names a node that it lacks");
  }
}

// Fills an empty graph; node i gets the internal id and the label i.
void Import(Graph& graph, const float* base, std::size_t dim, const annsmith_graph& source) {
  std::size_t list_index = 0;
  for (std::uint32_t node = 0; node < source.n; ++node) {
    char* block = graph.data_level0_memory_ + node * graph.size_data_per_element_;
    std::memset(block, 0, graph.size_data_per_element_);
    std::memcpy(graph.getDataByInternalId(node), base + node * dim, dim * sizeof(float));
    graph.setExternalLabel(node, node);
    graph.label_lookup_[node] = node;
    const int level = source.levels[node];
    graph.element_levels_[node] = level;
    graph.linkLists_[node] = nullptr;
    // Counted as soon as it owns memory, so that the destructor frees it.
    graph.cur_element_count = node + 1;
    SetLinks(graph, graph.get_linklist0(node), source, list_index++, graph.maxM0_);
    if (level == 0) continue;
    const std::size_t bytes = graph.size_links_per_element_ * level + 1;
    graph.linkLists_[node] = static_cast<char*>(std::calloc(bytes, 1));
    if (graph.linkLists_[node] == nullptr) throw std::bad_alloc();
    for (int l = 1; l <= level; ++l) {
      SetLinks(graph, graph.get_linklist(node, l), source, list_index++, graph.maxM_);
    }
  }
  graph.enterpoint_node_ = source.entry_point;
  graph.maxlevel_ = static_cast<int>(source.max_level);
}

int Export(Graph& graph, const annsmith_graph_sink& sink) {
  const auto n = static_cast<std::uint32_t>(graph.getCurrentElementCount());
  const auto entry =
      n == 0 ? 0 : static_cast<std::uint32_t>(graph.getExternalLabel(graph.enterpoint_node_));
  const auto top = static_cast<std::uint32_t>(std::max(graph.maxlevel_, 0));
  if (const int status = sink.header(sink.context, n, entry, top)) return status;
  std::vector<std::uint32_t> labels;
  for (std::uint32_t label = 0; label < n; ++label) {
    const hnswlib::tableint node = graph.label_lookup_.at(label);
    for (int level = 0; level <= graph.element_levels_[node]; ++level) {
      auto* list = graph.get_linklist_at_level(node, level);
      const std::size_t count = graph.getListCount(list);
      const auto* ids = reinterpret_cast<const hnswlib::tableint*>(list + 1);
      labels.clear();
      for (std::size_t i = 0; i < count; ++i) {
        labels.push_back(static_cast<std::uint32_t>(graph.getExternalLabel(ids[i])));
      }
      const int status = sink.list(sink.context, label, static_cast<std::uint32_t>(level),
                                   labels.data(), static_cast<std::uint32_t>(count));
      if (status) return status;
    }
  }
  return ANNSMITH_OK;
}

}  // namespace

uint32_t annsmith_abi_version(void) { return ANNSMITH_ABI_VERSION; }

int annsmith_create(uint32_t dim, int metric, const char* params, annsmith_index** out) {
  return Guarded([&] {
    if (dim == 0 || params == nullptr || out == nullptr || metric < ANNSMITH_EUCLIDEAN ||
        metric > ANNSMITH_INNER_PRODUCT) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "bad dimension, metric, parameters or output");
    }
    const std::string json = params;
    const long M = ReadParameter(json, "M", 16);
    const long ef_construction = ReadParameter(json, "efConstruction", 200);
    if (M < 2 || ef_construction < 1) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "M must be at least 2 and efConstruction at least 1");
    }
    auto index = std::make_unique<annsmith_index>();
    index->dim = dim;
    index->metric = metric;
    index->M = static_cast<std::size_t>(M);
    index->ef_construction = static_cast<std::size_t>(ef_construction);
    index->seed = static_cast<std::size_t>(ReadParameter(json, "seed", 42));
    index->space = MakeSpace(metric, dim);
    *out = index.release();
    return static_cast<int>(ANNSMITH_OK);
  });
}

int annsmith_build(annsmith_index* index, const float* base, uint64_t n, uint32_t threads) {
  return Guarded([&] {
    if (index == nullptr || base == nullptr || n == 0 || threads == 0) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "nothing to build");
    }
    std::unique_ptr<Graph> built = index->EmptyGraph(n);
    AddInParallel(*built, base, index->dim, n, threads);
    index->graph = std::move(built);
    return static_cast<int>(ANNSMITH_OK);
  });
}

int annsmith_import_graph(annsmith_index* index, const float* base, uint64_t n,
                          const annsmith_graph* graph) {
  return Guarded([&] {
    if (index == nullptr || base == nullptr || graph == nullptr || n == 0 || graph->n != n ||
        graph->entry_point >= n) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "the graph does not fit the base");
    }
    std::unique_ptr<Graph> imported = index->EmptyGraph(n);
    Import(*imported, base, index->dim, *graph);
    index->graph = std::move(imported);
    return static_cast<int>(ANNSMITH_OK);
  });
}

int annsmith_export_graph(const annsmith_index* index, const annsmith_graph_sink* sink) {
  return Guarded([&] {
    if (index == nullptr || sink == nullptr || index->graph == nullptr) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "no graph to export");
    }
    return Export(*index->graph, *sink);
  });
}

// The place to make what searches need besides the graph.
int annsmith_prepare(annsmith_index* index, const float*, uint64_t) {
  return Guarded([&] {
    if (index == nullptr || index->graph == nullptr) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "prepare needs a graph");
    }
    return static_cast<int>(ANNSMITH_OK);
  });
}

int annsmith_search(annsmith_index* index, const float* query, uint32_t k, uint32_t ef,
                    uint32_t* ids, float* distances) {
  return Guarded([&] {
    if (index == nullptr || index->graph == nullptr || query == nullptr || k == 0 ||
        ids == nullptr || distances == nullptr) {
      return Fail(ANNSMITH_INVALID_ARGUMENT, "search needs a graph, a query and room for answers");
    }
    index->graph->setEf(ef);
    auto found = index->graph->searchKnn(query, k);
    for (std::size_t i = found.size(); i < k; ++i) {
      ids[i] = ANNSMITH_NO_ID;
      distances[i] = 0.0f;
    }
    // The queue gives the farthest first.
    const float offset = index->DistanceOffset();
    for (std::size_t i = found.size(); i-- > 0; found.pop()) {
      ids[i] = static_cast<std::uint32_t>(found.top().second);
      distances[i] = found.top().first + offset;
    }
    return static_cast<int>(ANNSMITH_OK);
  });
}

uint64_t annsmith_memory(const annsmith_index* index) {
  if (index == nullptr || index->graph == nullptr) return 0;
  const Graph& graph = *index->graph;
  // The label table's node: key, value and a link; the visited list: one tag per element.
  constexpr std::uint64_t kLabelBytes = 32;
  std::uint64_t bytes = graph.max_elements_ * (graph.size_data_per_element_ + sizeof(void*) +
                                               sizeof(int) + kLabelBytes + sizeof(unsigned short));
  for (const int level : graph.element_levels_) {
    bytes += static_cast<std::uint64_t>(level) * graph.size_links_per_element_;
  }
  return bytes;
}

void annsmith_destroy(annsmith_index* index) { delete index; }

const char* annsmith_last_error(void) { return last_error.c_str(); }
`;
