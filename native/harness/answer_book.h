#ifndef ANNSMITH_HARNESS_ANSWER_BOOK_H_
#define ANNSMITH_HARNESS_ANSWER_BOOK_H_

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace annsmith::harness {

// The ids that an index answered outside of timed rounds, by ef, k and query row. An index that
// answers otherwise while it is timed does less work than its recall was measured with.
class AnswerBook {
 public:
  using Ids = std::vector<uint32_t>;

  // The first answer stays.
  void Keep(uint32_t ef, uint32_t k, uint64_t row, const uint32_t* ids) {
    answers_[{ef, k}].emplace(row, Ids(ids, ids + k));
  }
  // Null where the row was not asked.
  const Ids* Find(uint32_t ef, uint32_t k, uint64_t row) const {
    const auto page = answers_.find({ef, k});
    if (page == answers_.end()) return nullptr;
    const auto found = page->second.find(row);
    return found == page->second.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::pair<uint32_t, uint32_t>, std::unordered_map<uint64_t, Ids>> answers_;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_ANSWER_BOOK_H_
