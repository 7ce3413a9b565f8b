// A k-nearest-neighbour graph without levels, searched by a best-first walk over ordered sets.
#ifndef FLAT_GRAPH_H_
#define FLAT_GRAPH_H_

#include <cstddef>
#include <deque>
#include <iterator>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

namespace flat {

using Row = std::vector<double>;

inline double squared_gap(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

class FlatGraph {
 public:
  explicit FlatGraph(std::size_t degree) : degree_(degree) {}

  void add(Row row) {
    const std::size_t node = rows_.size();
    rows_.push_back(std::move(row));
    links_.emplace_back();
    for (const auto& [gap, other] : closest(node)) {
      links_[node].insert(other);
      links_[other].insert(node);
    }
  }

  std::size_t start() const { return 0; }

  std::set<std::pair<double, std::size_t>> walk(const Row& query, std::size_t width) const {
    std::set<std::pair<double, std::size_t>> best, waiting;
    std::unordered_set<std::size_t> met;
    visit(start(), query, width, best, waiting, met);
    while (!waiting.empty()) {
      const auto nearest = *waiting.begin();
      waiting.erase(waiting.begin());
      if (best.size() == width && best.rbegin()->first < nearest.first) break;
      for (const std::size_t next : links_[nearest.second]) {
        visit(next, query, width, best, waiting, met);
      }
    }
    return best;
  }

 private:
  void visit(std::size_t node, const Row& query, std::size_t width,
             std::set<std::pair<double, std::size_t>>& best,
             std::set<std::pair<double, std::size_t>>& waiting,
             std::unordered_set<std::size_t>& met) const {
    if (!met.insert(node).second) return;
    const std::pair<double, std::size_t> entry(squared_gap(rows_[node], query), node);
    waiting.insert(entry);
    best.insert(entry);
    if (best.size() > width) best.erase(std::prev(best.end()));
  }

  std::set<std::pair<double, std::size_t>> closest(std::size_t node) const {
    std::set<std::pair<double, std::size_t>> found;
    for (std::size_t other = 0; other < node; ++other) {
      found.emplace(squared_gap(rows_[node], rows_[other]), other);
      if (found.size() > degree_) found.erase(std::prev(found.end()));
    }
    return found;
  }

  std::size_t degree_;
  std::deque<Row> rows_;
  std::vector<std::set<std::size_t>> links_;
};

}  // namespace flat

#endif  // FLAT_GRAPH_H_
