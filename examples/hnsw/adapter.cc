// The Annsmith C ABI over hnsw::Index. Exceptions end here and become status codes.
#include <cctype>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "annsmith/abi.h"
#include "hnsw/index.h"

struct annsmith_index {
  std::size_t dim;
  hnsw::Metric metric;
  hnsw::Parameters parameters;
  std::unique_ptr<hnsw::Index> index;  // empty until build or import
};

namespace {

thread_local std::string last_error;

int Fail(int status, const std::string& message) {
  last_error = message;
  return status;
}

/// Runs `body` and turns what it throws into a status.
template <typename Body>
int Guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Fail(ANNSMITH_OUT_OF_MEMORY, "out of memory");
  } catch (const std::invalid_argument& error) {
    return Fail(ANNSMITH_INVALID_ARGUMENT, error.what());
  } catch (const std::length_error& error) {
    return Fail(ANNSMITH_INVALID_ARGUMENT, error.what());
  } catch (const std::exception& error) {
    return Fail(ANNSMITH_INTERNAL, error.what());
  } catch (...) {
    return Fail(ANNSMITH_INTERNAL, "unknown error");
  }
}

/// The non-negative integer at `key` of a flat JSON object, or `fallback` where there is none.
std::uint64_t IntegerField(const std::string& json, const std::string& key,
                           std::uint64_t fallback) {
  std::size_t at = json.find('"' + key + '"');
  if (at == std::string::npos) return fallback;
  at = json.find_first_not_of(" \t\r\n", at + key.size() + 2);
  if (at == std::string::npos || json[at] != ':') {
    throw std::invalid_argument("params: \"" + key + "\" has no value");
  }
  at = json.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string::npos || std::isdigit(static_cast<unsigned char>(json[at])) == 0) {
    throw std::invalid_argument("params: \"" + key + "\" must be a non-negative integer");
  }
  return std::stoull(json.substr(at));
}

std::uint64_t InRange(const char* name, std::uint64_t value, std::uint64_t low,
                      std::uint64_t high) {
  if (value >= low && value <= high) return value;
  throw std::invalid_argument(std::string("params: \"") + name + "\" is " + std::to_string(value) +
                              ", must be " + std::to_string(low) + " to " + std::to_string(high));
}

hnsw::Metric ToMetric(int metric) {
  switch (metric) {
    case ANNSMITH_EUCLIDEAN:
      return hnsw::Metric::kEuclidean;
    case ANNSMITH_ANGULAR:
      return hnsw::Metric::kAngular;
    case ANNSMITH_INNER_PRODUCT:
      return hnsw::Metric::kInnerProduct;
    default:
      throw std::invalid_argument("unknown metric " + std::to_string(metric));
  }
}

void CheckBase(const float* base, std::uint64_t n) {
  if (base == nullptr || n == 0) throw std::invalid_argument("base has no rows");
  if (n >= ANNSMITH_NO_ID) throw std::invalid_argument("too many rows for 32-bit ids");
}

/// Copies the canonical format into a Graph, checking every count and id.
hnsw::Graph ToGraph(const annsmith_graph& source, std::uint64_t n, std::uint32_t M) {
  if (source.n != n) throw std::invalid_argument("graph: its node count is not that of the base");
  if (source.entry_point >= n) throw std::invalid_argument("graph: entry point out of range");
  hnsw::Graph graph(std::vector<std::uint8_t>(source.levels, source.levels + n), M);
  graph.set_entry_point(source.entry_point);
  std::uint64_t list = 0;
  for (std::uint32_t node = 0; node < n; ++node) {
    if (source.levels[node] > source.max_level || graph.max_level() != source.max_level) {
      throw std::invalid_argument("graph: the entry point is not on the highest level");
    }
    for (std::uint32_t level = 0; level <= source.levels[node]; ++level, ++list) {
      const std::uint64_t begin = source.offsets[list];
      const std::uint64_t end = source.offsets[list + 1];
      if (end < begin) throw std::invalid_argument("graph: offsets decrease");
      for (std::uint64_t i = begin; i < end; ++i) {
        const std::uint32_t id = source.neighbours[i];
        if (id >= n || source.levels[id] < level) {
          throw std::invalid_argument("graph: neighbour " + std::to_string(id) + " of node " +
                                      std::to_string(node) + " is not on level " +
                                      std::to_string(level));
        }
      }
      graph.SetNeighbours(node, level, source.neighbours + begin, end - begin);
    }
  }
  return graph;
}

}  // namespace

uint32_t annsmith_abi_version(void) { return ANNSMITH_ABI_VERSION; }

int annsmith_create(uint32_t dim, int metric, const char* params, annsmith_index** out) {
  return Guarded([&] {
    if (out == nullptr || params == nullptr) throw std::invalid_argument("null argument");
    if (dim == 0) throw std::invalid_argument("dim is 0");
    const std::string json = params;
    hnsw::Parameters parameters;
    parameters.M =
        static_cast<std::uint32_t>(InRange("M", IntegerField(json, "M", parameters.M), 2, 512));
    parameters.ef_construction = static_cast<std::uint32_t>(
        InRange("efConstruction", IntegerField(json, "efConstruction", parameters.ef_construction),
                1, 100000));
    parameters.seed = IntegerField(json, "seed", parameters.seed);
    *out = new annsmith_index{dim, ToMetric(metric), parameters, nullptr};
    return ANNSMITH_OK;
  });
}

int annsmith_build(annsmith_index* index, const float* base, uint64_t n, uint32_t threads) {
  return Guarded([&] {
    if (index == nullptr) throw std::invalid_argument("null index");
    CheckBase(base, n);
    index->index = std::make_unique<hnsw::Index>(base, n, index->dim, index->metric,
                                                 index->parameters, threads);
    return ANNSMITH_OK;
  });
}

int annsmith_import_graph(annsmith_index* index, const float* base, uint64_t n,
                          const annsmith_graph* graph) {
  return Guarded([&] {
    if (index == nullptr || graph == nullptr) throw std::invalid_argument("null argument");
    CheckBase(base, n);
    index->index = std::make_unique<hnsw::Index>(base, n, index->dim, index->metric,
                                                 ToGraph(*graph, n, index->parameters.M));
    return ANNSMITH_OK;
  });
}

int annsmith_export_graph(const annsmith_index* index, const annsmith_graph_sink* sink) {
  return Guarded([&]() -> int {
    if (index == nullptr || sink == nullptr) throw std::invalid_argument("null argument");
    if (!index->index) throw std::invalid_argument("export before build or import");
    const hnsw::Graph& graph = index->index->graph();
    const hnsw::NodeOrder& order = index->index->order();
    int status = sink->header(sink->context, graph.size(), order.id(graph.entry_point()),
                              graph.max_level());
    std::vector<std::uint32_t> ids;
    for (std::uint32_t node = 0; node < graph.size(); ++node) {
      const std::uint32_t place = order.place(node);
      for (std::uint32_t level = 0; level <= graph.level(place); ++level) {
        if (status != 0) return status;
        ids.clear();
        for (const std::uint32_t neighbour : graph.neighbours(place, level)) {
          ids.push_back(order.id(neighbour));
        }
        status = sink->list(sink->context, node, level, ids.data(),
                            static_cast<std::uint32_t>(ids.size()));
      }
    }
    return status;
  });
}

int annsmith_prepare(annsmith_index* index, const float*, uint64_t) {
  return Guarded([&] {
    if (index == nullptr || !index->index) throw std::invalid_argument("prepare before build");
    index->index->Prepare();
    return ANNSMITH_OK;
  });
}

int annsmith_search(annsmith_index* index, const float* query, uint32_t k, uint32_t ef,
                    uint32_t* ids, float* distances) {
  return Guarded([&] {
    if (index == nullptr || !index->index) throw std::invalid_argument("search before build");
    if (query == nullptr || ids == nullptr || distances == nullptr) {
      throw std::invalid_argument("null argument");
    }
    const std::vector<hnsw::Neighbour>& found = index->index->Search(query, k, ef);
    for (std::uint32_t i = 0; i < k; ++i) {
      ids[i] = i < found.size() ? found[i].id : ANNSMITH_NO_ID;
      distances[i] = i < found.size() ? found[i].distance : 0;
    }
    return ANNSMITH_OK;
  });
}

uint64_t annsmith_memory(const annsmith_index* index) {
  if (index == nullptr) return 0;
  return sizeof(*index) + (index->index ? index->index->bytes() : 0);
}

void annsmith_destroy(annsmith_index* index) { delete index; }

const char* annsmith_last_error(void) { return last_error.c_str(); }
