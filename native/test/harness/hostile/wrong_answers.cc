// Answers that are not what they claim to be, and graphs that no index could follow.

#include <cmath>
#include <utility>

#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

class WrongAnswers : public Hostile {
 public:
  using Hostile::Hostile;

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    BruteForce::Search(query, k, ef, ids, distances);
    if (Does("duplicate")) ids[1] = ids[0], distances[1] = distances[0];
    if (Does("out of range")) ids[k - 1] = static_cast<uint32_t>(n_);
    if (Does("false distance")) distances[0] *= 0.99f;
    if (Does("not a number")) distances[0] = std::nanf("");
    if (Does("unsorted")) std::swap(ids[0], ids[1]), std::swap(distances[0], distances[1]);
    if (Does("missing")) ids[k - 1] = ANNSMITH_NO_ID;
    if (Does("far")) return Farthest(query, k, ids, distances);
    if (Does("status")) {
      g_last_error = "this query is not to its taste";
      return ANNSMITH_INTERNAL;
    }
    return ANNSMITH_OK;
  }

  int Build(const float* base, uint64_t n, uint32_t threads) override {
    if (Does("build status")) {
      g_last_error = "the index is on strike";
      return ANNSMITH_UNSUPPORTED;
    }
    if (Does("out of memory")) return ANNSMITH_OUT_OF_MEMORY;
    return BruteForce::Build(base, n, threads);
  }

  int Export(const annsmith_graph_sink& sink) const override {
    if (Does("no header")) return sink.list(sink.context, 0, 0, nullptr, 0);
    if (Does("neighbour out of range")) {
      sink.header(sink.context, static_cast<uint32_t>(n_), 0, 0);
      for (uint32_t node = 0; node < n_; ++node) {
        const uint32_t neighbour = static_cast<uint32_t>(n_ + node);
        sink.list(sink.context, node, 0, &neighbour, 1);
      }
      return ANNSMITH_OK;
    }
    if (Does("half a graph")) {
      sink.header(sink.context, static_cast<uint32_t>(n_), 0, 0);
      for (uint32_t node = 0; node < n_ / 2; ++node) sink.list(sink.context, node, 0, &node, 1);
      return ANNSMITH_OK;
    }
    return BruteForce::Export(sink);
  }

 private:
  // True distances of points that are not the nearest.
  int Farthest(const float* query, uint32_t k, uint32_t* ids, float* distances) const {
    const uint32_t n = static_cast<uint32_t>(n_);
    for (uint32_t i = 0; i < k; ++i) {
      ids[i] = n - k + i;
      distances[i] = Distance(query, ids[i]);
    }
    for (uint32_t i = 1; i < k; ++i) {
      for (uint32_t j = i; j > 0 && distances[j] < distances[j - 1]; --j) {
        std::swap(distances[j], distances[j - 1]);
        std::swap(ids[j], ids[j - 1]);
      }
    }
    return ANNSMITH_OK;
  }
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new WrongAnswers(dim, metric, params);
}

}  // namespace annsmith::test
