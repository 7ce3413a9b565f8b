#include "test/harness/libraries/brute_force.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace annsmith::test {

std::string g_last_error;

int BruteForce::Build(const float* base, uint64_t n, uint32_t) {
  base_ = base;
  n_ = n;
  return ANNSMITH_OK;
}

int BruteForce::Import(const float* base, uint64_t n, const annsmith_graph& graph) {
  if (graph.n != n) {
    g_last_error = "the graph is of another base";
    return ANNSMITH_INVALID_ARGUMENT;
  }
  base_ = base;
  n_ = n;
  return ANNSMITH_OK;
}

int BruteForce::Export(const annsmith_graph_sink& sink) const {
  if (const int status = sink.header(sink.context, static_cast<uint32_t>(n_), 0, 0)) return status;
  for (uint32_t node = 0; node < n_; ++node) {
    const uint32_t next = static_cast<uint32_t>((node + 1) % n_);
    if (const int status = sink.list(sink.context, node, 0, &next, 1)) return status;
  }
  return ANNSMITH_OK;
}

int BruteForce::Prepare(const float*, uint64_t) { return ANNSMITH_OK; }

float BruteForce::Distance(const float* query, uint64_t row) const {
  const float* point = base_ + row * dim_;
  float product = 0, square = 0;
  for (uint32_t i = 0; i < dim_; ++i) {
    product += query[i] * point[i];
    square += (query[i] - point[i]) * (query[i] - point[i]);
  }
  return metric_ == ANNSMITH_EUCLIDEAN ? square
         : metric_ == ANNSMITH_ANGULAR ? 1 - product
                                       : -product;
}

int BruteForce::Search(const float* query, uint32_t k, uint32_t, uint32_t* ids, float* distances) {
  std::vector<std::pair<float, uint32_t>> all(n_);
  for (uint32_t row = 0; row < n_; ++row) all[row] = {Distance(query, row), row};
  const size_t found = std::min<size_t>(k, n_);
  std::partial_sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(found), all.end());
  for (size_t i = 0; i < k; ++i) {
    ids[i] = i < found ? all[i].second : ANNSMITH_NO_ID;
    distances[i] = i < found ? all[i].first : 0;
  }
  return ANNSMITH_OK;
}

}  // namespace annsmith::test

using annsmith::test::BruteForce;

// The ABI's handle is the object itself.
static BruteForce* At(annsmith_index* index) { return reinterpret_cast<BruteForce*>(index); }
static const BruteForce* At(const annsmith_index* index) {
  return reinterpret_cast<const BruteForce*>(index);
}

uint32_t annsmith_abi_version(void) { return ANNSMITH_ABI_VERSION; }

int annsmith_create(uint32_t dim, int metric, const char* params, annsmith_index** out) {
  *out = reinterpret_cast<annsmith_index*>(annsmith::test::MakeIndex(dim, metric, params));
  return ANNSMITH_OK;
}

int annsmith_build(annsmith_index* index, const float* base, uint64_t n, uint32_t threads) {
  return At(index)->Build(base, n, threads);
}

int annsmith_import_graph(annsmith_index* index, const float* base, uint64_t n,
                          const annsmith_graph* graph) {
  return At(index)->Import(base, n, *graph);
}

int annsmith_export_graph(const annsmith_index* index, const annsmith_graph_sink* sink) {
  return At(index)->Export(*sink);
}

int annsmith_prepare(annsmith_index* index, const float* base, uint64_t n) {
  return At(index)->Prepare(base, n);
}

int annsmith_search(annsmith_index* index, const float* query, uint32_t k, uint32_t ef,
                    uint32_t* ids, float* distances) {
  return At(index)->Search(query, k, ef, ids, distances);
}

uint64_t annsmith_memory(const annsmith_index* index) { return At(index)->Memory(); }

void annsmith_destroy(annsmith_index* index) { delete At(index); }

const char* annsmith_last_error(void) { return annsmith::test::g_last_error.c_str(); }
