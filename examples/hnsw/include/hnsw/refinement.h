// Module "refinement": what surrounds the beam search of a query. It finds where level 0 is
// entered, says which distance the beam search compares by, and ranks what that search found.
#ifndef HNSW_REFINEMENT_H_
#define HNSW_REFINEMENT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hnsw/distance.h"
#include "hnsw/graph.h"
#include "hnsw/search.h"
#include "hnsw/storage.h"

namespace hnsw {

/// Walks from `entry` to ever nearer neighbours on one level until none is nearer.
template <typename Links, typename Distance>
std::uint32_t GreedyStep(const Links& links, std::uint32_t level, std::uint32_t entry,
                         const Distance& distance) {
  Neighbour nearest{distance(entry), entry};
  bool improved = true;
  while (improved) {
    improved = false;
    for (const std::uint32_t id : links.neighbours(nearest.id, level)) {
      const Neighbour candidate{distance(id), id};
      if (candidate < nearest) {
        nearest = candidate;
        improved = true;
      }
    }
  }
  return nearest.id;
}

/// The stages of a query around the beam search on level 0. Read-only after Prepare().
class Refiner {
 public:
  Refiner(const Graph& graph, const VectorStorage& vectors, Metric metric)
      : graph_(graph), vectors_(vectors), metric_(metric) {}

  /// Called once, when the graph is complete: the place for codes and metadata of the vectors.
  void Prepare() {}

  /// Descends greedily through the upper levels; returns where level 0 is entered.
  std::uint32_t EntryPoint(const float* query) const {
    const ExactDistance distance(vectors_, metric_, query);
    std::uint32_t entry = graph_.entry_point();
    for (std::uint32_t level = graph_.max_level(); level > 0; --level) {
      entry = GreedyStep(graph_, level, entry, distance);
    }
    return entry;
  }

  /// The distance that the beam search on level 0 compares by. It may be coarser than the exact
  /// one, since Rerank() follows.
  ExactDistance Preliminary(const float* query) const {
    return ExactDistance(vectors_, metric_, query);
  }

  /// How many of the nodes that the beam search found are ranked again for k results.
  std::size_t RerankCount(std::size_t k) const { return k; }

  /// Ranks the first RerankCount(k) nodes of `found`, which is sorted by preliminary distance, by
  /// exact distance, and keeps the k nearest.
  void Rerank(const float* query, std::size_t k, std::vector<Neighbour>& found) const {
    const ExactDistance exact(vectors_, metric_, query);
    found.resize(std::min(found.size(), RerankCount(k)));
    for (Neighbour& node : found) node.distance = exact(node.id);
    std::sort(found.begin(), found.end());
    found.resize(std::min(found.size(), k));
  }

  /// Bytes of the codes and metadata.
  std::size_t bytes() const { return 0; }

 private:
  const Graph& graph_;
  const VectorStorage& vectors_;
  Metric metric_;
};

}  // namespace hnsw

#endif  // HNSW_REFINEMENT_H_
