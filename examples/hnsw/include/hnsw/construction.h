// Module "construction": inserts the vectors one by one and links each to well-spread neighbours.
#ifndef HNSW_CONSTRUCTION_H_
#define HNSW_CONSTRUCTION_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "hnsw/distance.h"
#include "hnsw/graph.h"
#include "hnsw/refinement.h"
#include "hnsw/search.h"
#include "hnsw/storage.h"

namespace hnsw {

/// Draws the top level of each node: level l with probability (1 - 1/M) / M^l, so that each level
/// holds about 1/M of the nodes of the level below.
inline std::vector<std::uint8_t> DrawLevels(std::size_t n, std::uint32_t M, std::uint64_t seed) {
  constexpr double kMaxLevel = 32;
  std::mt19937_64 generator(seed);
  std::vector<std::uint8_t> levels(n);
  for (std::uint8_t& level : levels) {
    // 53 random bits give a uniform double in (0, 1].
    const double uniform = static_cast<double>((generator() >> 11) + 1) * 0x1.0p-53;
    level = static_cast<std::uint8_t>(std::min(kMaxLevel, -std::log(uniform) / std::log(M)));
  }
  return levels;
}

/// Keeps at most `limit` of `candidates` (nearest first): a candidate that is nearer to one already
/// kept than to the node itself is reached through that one, so its link is better spent elsewhere.
inline void SelectNeighbours(const VectorStorage& vectors, Metric metric, std::size_t limit,
                             std::vector<Neighbour>& candidates) {
  if (candidates.size() < limit) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.size() && kept < limit; ++i) {
    const Neighbour candidate = candidates[i];
    const ExactDistance distance(vectors, metric, vectors.row(candidate.id));
    const bool redundant =
        std::any_of(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept),
                    [&](const Neighbour& k) { return distance(k.id) < candidate.distance; });
    if (!redundant) candidates[kept++] = candidate;
  }
  candidates.resize(kept);
}

/// The order in which the nodes of a finished graph lie in memory, as a list of their ids; an empty
/// list leaves them as they were inserted.
inline std::vector<std::uint32_t> MemoryOrder(const Graph&) { return {}; }

/// Builds a graph over `vectors`. With one thread the result depends on vectors, parameters and
/// seed alone; with several it also depends on their timing.
class Builder {
 public:
  Builder(const VectorStorage& vectors, Metric metric, std::uint32_t M, std::size_t ef_construction,
          std::uint64_t seed)
      : vectors_(vectors),
        metric_(metric),
        M_(M),
        ef_construction_(std::max<std::size_t>(ef_construction, M)),
        levels_(DrawLevels(vectors.size(), M, seed)),
        graph_(levels_, M),
        locks_(vectors.size()) {}

  /// Inserts everything with up to `threads` threads, joined on return. Call once.
  Graph Build(std::size_t threads) {
    if (vectors_.size() == 0) return std::move(graph_);
    entry_point_ = 0;
    std::atomic<std::uint32_t> next{1};
    std::exception_ptr failure;
    std::mutex failure_lock;
    const auto work = [&] {
      try {
        SearchLayer search(vectors_.size());
        for (std::uint32_t id = next++; id < vectors_.size(); id = next++) Insert(id, search);
      } catch (...) {
        const std::lock_guard<std::mutex> guard(failure_lock);
        failure = std::current_exception();
      }
    };
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
    graph_.set_entry_point(entry_point_);
    return std::move(graph_);
  }

 private:
  /// The graph while others write to it: a list is copied under its node's lock, and the copy is
  /// valid until the next call.
  class LockedLinks {
   public:
    explicit LockedLinks(Builder& builder) : builder_(builder) {}
    NeighbourList neighbours(std::uint32_t node, std::uint32_t level) const {
      const std::lock_guard<std::mutex> guard(builder_.locks_[node]);
      const NeighbourList list = builder_.graph_.neighbours(node, level);
      copy_.assign(list.begin(), list.end());
      return NeighbourList(copy_.data(), copy_.size());
    }

   private:
    Builder& builder_;
    mutable std::vector<std::uint32_t> copy_;
  };

  void Insert(std::uint32_t id, SearchLayer& search) {
    // A node that will become the entry point keeps the others out until it is linked.
    std::unique_lock<std::mutex> entry_guard(entry_lock_);
    std::uint32_t entry = entry_point_;
    const std::uint32_t top = levels_[entry];
    const bool becomes_entry = levels_[id] > top;
    if (!becomes_entry) entry_guard.unlock();

    const LockedLinks links(*this);
    const ExactDistance distance(vectors_, metric_, vectors_.row(id));
    std::uint32_t level = top;
    for (; level > levels_[id]; --level) entry = GreedyStep(links, level, entry, distance);
    for (std::uint32_t remaining = level + 1; remaining-- > 0;) {
      std::vector<Neighbour>& found =
          search.Run(links, remaining, entry, distance, ef_construction_);
      entry = found.front().id;
      SelectNeighbours(vectors_, metric_, M_, found);
      for (const Neighbour& neighbour : found) {
        Connect(id, neighbour, remaining);
        Connect(neighbour.id, {neighbour.distance, id}, remaining);
      }
    }
    if (becomes_entry) entry_point_ = id;
  }

  /// Adds the link from `node` to `target`; a full list keeps the best spread.
  void Connect(std::uint32_t node, Neighbour target, std::uint32_t level) {
    if (node == target.id) return;
    const std::lock_guard<std::mutex> guard(locks_[node]);
    const NeighbourList list = graph_.neighbours(node, level);
    std::vector<std::uint32_t> ids(list.begin(), list.end());
    if (std::find(ids.begin(), ids.end(), target.id) != ids.end()) return;
    ids.push_back(target.id);
    if (ids.size() > graph_.capacity(level)) {
      const ExactDistance distance(vectors_, metric_, vectors_.row(node));
      std::vector<Neighbour> candidates{target};
      for (const std::uint32_t id : list) candidates.push_back({distance(id), id});
      std::sort(candidates.begin(), candidates.end());
      SelectNeighbours(vectors_, metric_, graph_.capacity(level), candidates);
      ids.clear();
      for (const Neighbour& kept : candidates) ids.push_back(kept.id);
    }
    graph_.SetNeighbours(node, level, ids.data(), ids.size());
  }

  const VectorStorage& vectors_;
  const Metric metric_;
  const std::uint32_t M_;
  const std::size_t ef_construction_;
  const std::vector<std::uint8_t> levels_;
  Graph graph_;
  std::vector<std::mutex> locks_;  // one per node, for its lists
  std::mutex entry_lock_;
  std::uint32_t entry_point_ = 0;
};

}  // namespace hnsw

#endif  // HNSW_CONSTRUCTION_H_
