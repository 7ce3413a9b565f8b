// The index: vectors, graph, and the three stages of a query.
#ifndef HNSW_INDEX_H_
#define HNSW_INDEX_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "hnsw/construction.h"
#include "hnsw/distance.h"
#include "hnsw/graph.h"
#include "hnsw/order.h"
#include "hnsw/refinement.h"
#include "hnsw/search.h"
#include "hnsw/storage.h"

namespace hnsw {

/// M: links per node and level (twice as many on level 0). ef_construction: beam width while
/// building. seed: of the level draw.
struct Parameters {
  std::uint32_t M = 16;
  std::uint32_t ef_construction = 200;
  std::uint64_t seed = 42;
};

/// A built index. One search at a time: the scratch memory is shared between calls.
class Index {
 public:
  /// Builds over n rows of `dim` values, which are copied.
  Index(const float* base, std::size_t n, std::size_t dim, Metric metric, Parameters parameters,
        std::size_t threads)
      : vectors_(base, n, dim),
        graph_(Builder(vectors_, metric, parameters.M, parameters.ef_construction, parameters.seed)
                   .Build(threads)),
        refiner_(graph_, vectors_, metric) {}

  /// Takes a graph that was built before over the same rows.
  Index(const float* base, std::size_t n, std::size_t dim, Metric metric, Graph graph)
      : vectors_(base, n, dim), graph_(std::move(graph)), refiner_(graph_, vectors_, metric) {}

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// Called once, before the first search.
  void Prepare() {
    order_ = NodeOrder(MemoryOrder(graph_));
    if (!order_.is_by_id()) {
      graph_ = Arranged(graph_, order_);
      vectors_ = VectorStorage(vectors_, order_.ids());
    }
    refiner_.Prepare();
  }

  /// Up to k nodes, nearest first, valid until the next call. The beam is at least k wide.
  const std::vector<Neighbour>& Search(const float* query, std::size_t k, std::size_t ef) {
    if (!search_) search_ = std::make_unique<SearchLayer>(vectors_.size());
    const std::uint32_t entry = refiner_.EntryPoint(query);
    std::vector<Neighbour>& found =
        search_->Run(graph_, 0, entry, refiner_.Preliminary(query), std::max(ef, k));
    refiner_.Rerank(query, k, found);
    for (Neighbour& node : found) node.id = order_.id(node.id);
    return found;
  }

  /// The graph, its nodes numbered by their places in memory; order() tells which is which.
  const Graph& graph() const { return graph_; }
  const NodeOrder& order() const { return order_; }
  std::size_t bytes() const {
    return vectors_.bytes() + graph_.bytes() + order_.bytes() + refiner_.bytes() +
           (search_ ? search_->bytes() : 0);
  }

 private:
  VectorStorage vectors_;
  Graph graph_;
  NodeOrder order_;  // of both
  Refiner refiner_;
  std::unique_ptr<SearchLayer> search_;  // made at the first search
};

}  // namespace hnsw

#endif  // HNSW_INDEX_H_
