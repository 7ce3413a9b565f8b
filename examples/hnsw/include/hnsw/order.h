// Nodes in another order in memory than that of their ids.
#ifndef HNSW_ORDER_H_
#define HNSW_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "hnsw/graph.h"

namespace hnsw {

/// Which node lies at which place in memory. Without a list each lies at the place of its id.
class NodeOrder {
 public:
  NodeOrder() = default;

  /// `ids[place]` is the node that lies there; a permutation of all ids, or empty.
  explicit NodeOrder(std::vector<std::uint32_t> ids) : ids_(std::move(ids)), places_(ids_.size()) {
    for (std::size_t i = 0; i < ids_.size(); ++i) places_[ids_[i]] = static_cast<std::uint32_t>(i);
  }

  bool is_by_id() const { return ids_.empty(); }
  const std::vector<std::uint32_t>& ids() const { return ids_; }
  std::uint32_t id(std::uint32_t place) const { return is_by_id() ? place : ids_[place]; }
  std::uint32_t place(std::uint32_t id) const { return is_by_id() ? id : places_[id]; }
  std::size_t bytes() const { return (ids_.size() + places_.size()) * sizeof(std::uint32_t); }

 private:
  std::vector<std::uint32_t> ids_;     // per place
  std::vector<std::uint32_t> places_;  // per id
};

/// The graph with its nodes numbered by place.
inline Graph Arranged(const Graph& graph, const NodeOrder& order) {
  std::vector<std::uint8_t> levels(graph.size());
  for (std::uint32_t place = 0; place < graph.size(); ++place) {
    levels[place] = static_cast<std::uint8_t>(graph.level(order.id(place)));
  }
  Graph arranged(std::move(levels), graph.capacity(1));
  arranged.set_entry_point(order.place(graph.entry_point()));
  std::vector<std::uint32_t> list;
  for (std::uint32_t place = 0; place < graph.size(); ++place) {
    for (std::uint32_t level = 0; level <= arranged.level(place); ++level) {
      list.clear();
      for (const std::uint32_t id : graph.neighbours(order.id(place), level)) {
        list.push_back(order.place(id));
      }
      arranged.SetNeighbours(place, level, list.data(), list.size());
    }
  }
  return arranged;
}

}  // namespace hnsw

#endif  // HNSW_ORDER_H_
