// Candidates that find the memory which they share with the supervisor: its address lies on the
// stack that they are called on.

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "harness/query_cipher.h"
#include "harness/shared_area.h"
#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

using harness::Request;
using harness::SharedArea;

constexpr uintptr_t kPage = 4096;

bool IsMapped(uintptr_t address) {
  return madvise(reinterpret_cast<void*>(address / kPage * kPage), kPage, MADV_NORMAL) == 0;
}

// The harness's own object, by what it holds: where the area is, and how long a query.
const SharedArea* FindArea(uint32_t dim, uint32_t k, uint32_t ef) {
  for (auto at = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); IsMapped(at + 15);
       at += sizeof(uintptr_t)) {
    const auto* words = reinterpret_cast<const uintptr_t*>(at);
    if (words[0] == 0 || words[0] % kPage != 0 || static_cast<uint32_t>(words[1]) != dim) continue;
    if (!IsMapped(words[0])) continue;
    const auto* request = reinterpret_cast<const Request*>(words[0]);
    if (request->k == k && request->ef == ef) return reinterpret_cast<const SharedArea*>(at);
  }
  return nullptr;
}

class Insiders : public Hostile {
 public:
  using Hostile::Hostile;

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    if (area_ == nullptr) area_ = FindArea(dim_, k, ef);
    if (area_ == nullptr) return Wrong("the shared memory was not found");
    Request& request = area_->request();
    const bool timed = request.key != 0;
    if (Does("say done early") && timed) {
      area_->reply().number.store(request.number.load());
    }
    const int status = BruteForce::Search(query, k, ef, ids, distances);
    if (!Does("work ahead")) return status;
    if (!timed) {
      Foresee(request);
      return status;
    }
    key_ = request.key;
    if (!IsAmong(request, query)) return Wrong("the queries of a chunk were not found");
    // Shows that it could have answered before it was asked.
    if (foreseen_.count(std::vector<float>(query, query + dim_)) > 0) ids[0] = ANNSMITH_NO_ID;
    return status;
  }

 private:
  static int Wrong(const char* text) {
    g_last_error = text;
    return ANNSMITH_INTERNAL;
  }

  std::vector<float> Reveal(uint32_t slot, uint64_t key) const {
    std::vector<float> query(dim_);
    const float* hidden = area_->queries() + size_t{slot} * dim_;
    if (key == 0) return std::vector<float>(hidden, hidden + dim_);
    harness::CipherQuery(query.data(), hidden, dim_, key, slot);
    return query;
  }

  bool IsAmong(const Request& request, const float* query) const {
    for (uint32_t i = request.first; i < request.first + request.count; ++i) {
      if (std::memcmp(Reveal(i, request.key).data(), query, dim_ * sizeof(float)) == 0) return true;
    }
    return false;
  }

  // The queries that follow this hand-over's, if they lie open or a key can be had from the last.
  void Foresee(const Request& request) {
    constexpr uint32_t kAhead = 100;
    for (uint32_t i = 0; i < kAhead; ++i) {
      const uint32_t slot = request.first + request.count + i;
      for (const uint64_t key :
           {uint64_t{0}, key_, (key_ * 6364136223846793005 + 1442695040888963407) | 1}) {
        foreseen_.insert(Reveal(slot, key));
      }
    }
  }

  const SharedArea* area_ = nullptr;
  uint64_t key_ = 0;  // of the last timed hand-over
  std::set<std::vector<float>> foreseen_;
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new Insiders(dim, metric, params);
}

}  // namespace annsmith::test
