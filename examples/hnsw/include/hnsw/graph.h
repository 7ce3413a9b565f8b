// The layered graph: who is linked to whom, on which level.
#ifndef HNSW_GRAPH_H_
#define HNSW_GRAPH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hnsw/storage.h"

namespace hnsw {

/// A view of one node's neighbours on one level; valid while the graph is not changed.
class NeighbourList {
 public:
  NeighbourList(const std::uint32_t* ids, std::size_t size) : ids_(ids), size_(size) {}

  std::size_t size() const { return size_; }
  std::uint32_t operator[](std::size_t i) const { return ids_[i]; }
  const std::uint32_t* begin() const { return ids_; }
  const std::uint32_t* end() const { return ids_ + size_; }

 private:
  const std::uint32_t* ids_;
  std::size_t size_;
};

/// Neighbour lists of fixed capacity: 2 M on level 0, where every node lives, and M on the levels
/// above. A list is stored as its length followed by its ids. Lists of different nodes may be
/// written by different threads; one list needs a lock.
class Graph {
 public:
  Graph() = default;

  /// An unlinked graph. `levels[i]` is the top level of node i; the entry point is the first node
  /// of the highest level.
  Graph(std::vector<std::uint8_t> levels, std::uint32_t M)
      : levels_(std::move(levels)), M_(M), upper_starts_(levels_.size() + 1, 0) {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      upper_starts_[i + 1] = upper_starts_[i] + levels_[i] * list_words(1);
      if (levels_[i] > levels_[entry_point_]) entry_point_ = static_cast<std::uint32_t>(i);
    }
    base_lists_ = AlignedBuffer<std::uint32_t>(levels_.size() * list_words(0));
    upper_lists_ = AlignedBuffer<std::uint32_t>(upper_starts_.back());
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(levels_.size()); }
  std::uint32_t entry_point() const { return entry_point_; }
  void set_entry_point(std::uint32_t node) { entry_point_ = node; }
  std::uint32_t level(std::uint32_t node) const { return levels_[node]; }
  std::uint32_t max_level() const { return levels_.empty() ? 0 : levels_[entry_point_]; }
  std::uint32_t capacity(std::uint32_t level) const { return level == 0 ? 2 * M_ : M_; }

  NeighbourList neighbours(std::uint32_t node, std::uint32_t level) const {
    const std::uint32_t* list = At(node, level);
    return NeighbourList(list + 1, list[0]);
  }

  /// Replaces a list. Throws std::length_error when it does not fit.
  void SetNeighbours(std::uint32_t node, std::uint32_t level, const std::uint32_t* ids,
                     std::size_t count) {
    if (count > capacity(level)) throw std::length_error("neighbour list longer than its capacity");
    std::uint32_t* list = At(node, level);
    list[0] = static_cast<std::uint32_t>(count);
    std::copy(ids, ids + count, list + 1);
  }

  std::size_t bytes() const {
    return levels_.size() + upper_starts_.size() * sizeof(std::size_t) + base_lists_.bytes() +
           upper_lists_.bytes();
  }

 private:
  std::size_t list_words(std::uint32_t level) const { return 1 + capacity(level); }

  const std::uint32_t* At(std::uint32_t node, std::uint32_t level) const {
    if (level == 0) return base_lists_.data() + node * list_words(0);
    return upper_lists_.data() + upper_starts_[node] + (level - 1) * list_words(1);
  }
  std::uint32_t* At(std::uint32_t node, std::uint32_t level) {
    return const_cast<std::uint32_t*>(std::as_const(*this).At(node, level));
  }

  std::vector<std::uint8_t> levels_;
  std::uint32_t M_ = 0;
  std::uint32_t entry_point_ = 0;
  std::vector<std::size_t> upper_starts_;  // per node, in words of upper_lists_
  AlignedBuffer<std::uint32_t> base_lists_;
  AlignedBuffer<std::uint32_t> upper_lists_;
};

}  // namespace hnsw

#endif  // HNSW_GRAPH_H_
