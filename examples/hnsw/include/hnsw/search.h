// Module "search": best-first search with a beam of ef candidates on one level of the graph.
#ifndef HNSW_SEARCH_H_
#define HNSW_SEARCH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace hnsw {

/// A node and its distance from the query.
struct Neighbour {
  float distance;
  std::uint32_t id;

  bool operator<(const Neighbour& other) const { return distance < other.distance; }
  bool operator>(const Neighbour& other) const { return distance > other.distance; }
};

/// The nodes that a search has met.
class VisitedSet {
 public:
  /// For ids below n.
  explicit VisitedSet(std::size_t n) : tags_(n, 0) {}

  void Clear() {
    if (++current_ != 0) return;
    std::fill(tags_.begin(), tags_.end(), Tag{0});  // the counter wrapped: old tags mean nothing
    current_ = 1;
  }

  /// Returns true when `id` was not yet in the set.
  bool Insert(std::uint32_t id) {
    if (tags_[id] == current_) return false;
    tags_[id] = current_;
    return true;
  }

  std::size_t bytes() const { return tags_.size() * sizeof(Tag); }

 private:
  // One tag per node says in which search it was met last, so that clearing is one increment.
  using Tag = std::uint16_t;
  std::vector<Tag> tags_;
  Tag current_ = 0;
};

/// The best ef nodes found so far, and which of them still wait to be expanded.
class CandidatePool {
 public:
  void Reset(std::size_t ef) {
    ef_ = ef;
    frontier_.clear();
    found_.clear();
  }

  bool full() const { return found_.size() >= ef_; }

  /// The distance that a newcomer must beat; infinite until ef nodes are found.
  float worst() const {
    return full() ? found_.front().distance : std::numeric_limits<float>::infinity();
  }

  /// Takes a node that beats worst(), and lets the worst one go when there are too many.
  void Push(Neighbour node) {
    frontier_.push_back(node);
    std::push_heap(frontier_.begin(), frontier_.end(), std::greater<Neighbour>());
    found_.push_back(node);
    std::push_heap(found_.begin(), found_.end());
    if (found_.size() <= ef_) return;
    std::pop_heap(found_.begin(), found_.end());
    found_.pop_back();
  }

  /// Whether a node waits whose neighbours could still improve the result.
  bool HasNext() const {
    return !frontier_.empty() && (!full() || frontier_.front().distance <= worst());
  }

  /// Takes the nearest waiting node. Requires HasNext().
  Neighbour Pop() {
    std::pop_heap(frontier_.begin(), frontier_.end(), std::greater<Neighbour>());
    const Neighbour nearest = frontier_.back();
    frontier_.pop_back();
    return nearest;
  }

  /// Ends the search: what was found, nearest first. Valid until the next Reset().
  std::vector<Neighbour>& Sorted() {
    std::sort_heap(found_.begin(), found_.end());
    return found_;
  }

  std::size_t bytes() const {
    return (frontier_.capacity() + found_.capacity()) * sizeof(Neighbour);
  }

 private:
  std::size_t ef_ = 0;
  std::vector<Neighbour> frontier_;  // min-heap: the nearest waiting node is in front
  std::vector<Neighbour> found_;     // max-heap: the worst of the best ef is in front
};

/// The beam search and its scratch memory. One search at a time.
class SearchLayer {
 public:
  explicit SearchLayer(std::size_t n) : visited_(n) {}

  /// Searches one level from `entry` and returns up to ef nodes, nearest first, valid until the
  /// next call. `links.neighbours(id, level)` gives the graph; `distance(id)` compares with the
  /// query and `distance.row(id)` is the memory that it will read.
  template <typename Links, typename Distance>
  std::vector<Neighbour>& Run(const Links& links, std::uint32_t level, std::uint32_t entry,
                              const Distance& distance, std::size_t ef) {
    visited_.Clear();
    pool_.Reset(ef);
    visited_.Insert(entry);
    pool_.Push({distance(entry), entry});
    while (pool_.HasNext()) {
      const Neighbour current = pool_.Pop();
      const auto neighbours = links.neighbours(current.id, level);
      for (std::size_t i = 0; i < neighbours.size(); ++i) {
        if (i + 1 < neighbours.size()) __builtin_prefetch(distance.row(neighbours[i + 1]));
        const std::uint32_t id = neighbours[i];
        if (!visited_.Insert(id)) continue;
        const float d = distance(id);
        if (d < pool_.worst()) pool_.Push({d, id});
      }
    }
    return pool_.Sorted();
  }

  std::size_t bytes() const { return visited_.bytes() + pool_.bytes(); }

 private:
  VisitedSet visited_;
  CandidatePool pool_;
};

}  // namespace hnsw

#endif  // HNSW_SEARCH_H_
