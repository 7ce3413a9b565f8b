// Ways to look faster than the work takes: work that is done elsewhere, later, once, or not at all.

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

void Work(double seconds) {
  const clock_t until = clock() + static_cast<clock_t>(seconds * CLOCKS_PER_SEC);
  while (clock() < until) {
  }
}

class Shirks : public Hostile {
 public:
  using Hostile::Hostile;

  int Prepare(const float* base, uint64_t n) override {
    if (Does("sleep in prepare")) {
      const timespec second = {1, 0};
      nanosleep(&second, nullptr);
    }
    if (Does("work in prepare")) Work(0.3);
    if (Does("keep a table in a file")) return KeepInFile();
    return BruteForce::Prepare(base, n);
  }

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    ++searches_;
    if (Does("work at the first search") && searches_ == 1) Scan(400'000);
    if (Does("work at the first fifty") && searches_ <= 50) Scan(10'000);
    if (Does("memory at the first search") && searches_ == 1) hoard_.assign(64 << 20, 1);
    if (Does("keep results")) return FromMemory(query, k, ef, ids, distances);
    if (Does("answer late")) return Late(query, k, ef, ids, distances);
    const int status = BruteForce::Search(query, k, ef, ids, distances);
    // True distances of points that are not the nearest: no check of a single answer sees it.
    if (Does("answer worse after a while") && searches_ > 350)
      return Rotate(query, k, ids, distances);
    return status;
  }

 protected:
  uint64_t Memory() const override {
    if (Does("work when asked for its memory")) Work(0.3);
    return BruteForce::Memory();
  }

 private:
  // Of which only the name goes: the memory would be a file's.
  static int KeepInFile() {
    const std::vector<char> table(64 << 20, 1);
    const int file = open("table", O_RDWR | O_CREAT, 0600);
    const auto bytes = static_cast<ssize_t>(table.size());
    if (file < 0 || write(file, table.data(), table.size()) != bytes) return ANNSMITH_INTERNAL;
    const void* memory = mmap(nullptr, table.size(), PROT_READ, MAP_PRIVATE, file, 0);
    unlink("table");
    return memory == MAP_FAILED ? ANNSMITH_INTERNAL : ANNSMITH_OK;
  }

  // Distances of as many rows.
  void Scan(uint64_t rows) {
    for (uint64_t i = 0; i < rows * 20; ++i) sum_ += Distance(base_, i % n_);
  }

  int FromMemory(const float* query, uint32_t k, uint32_t ef, uint32_t* ids, float* distances) {
    const std::vector<float> key(query, query + dim_);
    auto known = memory_.find(key);
    if (known == memory_.end()) {
      Answer answer = {std::vector<uint32_t>(k), std::vector<float>(k)};
      for (int times = 0; times < 20; ++times)
        BruteForce::Search(query, k, ef, answer.ids.data(), answer.distances.data());
      known = memory_.emplace(key, answer).first;
    }
    std::copy(known->second.ids.begin(), known->second.ids.end(), ids);
    std::copy(known->second.distances.begin(), known->second.distances.end(), distances);
    return ANNSMITH_OK;
  }

  // The answer to each query is written when the next one comes.
  int Late(const float* query, uint32_t k, uint32_t ef, uint32_t* ids, float* distances) {
    if (!waiting_.empty()) BruteForce::Search(waiting_.data(), k, ef, late_ids_, late_distances_);
    waiting_.assign(query, query + dim_);
    late_ids_ = ids;
    late_distances_ = distances;
    return ANNSMITH_OK;
  }

  int Rotate(const float* query, uint32_t k, uint32_t* ids, float* distances) const {
    const uint32_t n = static_cast<uint32_t>(n_);
    std::vector<std::pair<float, uint32_t>> others;
    for (uint32_t i = 0; i < k; ++i) others.emplace_back(Distance(query, n - 1 - i), n - 1 - i);
    std::sort(others.begin(), others.end());
    for (uint32_t i = 0; i < k; ++i) std::tie(distances[i], ids[i]) = others[i];
    return ANNSMITH_OK;
  }

  struct Answer {
    std::vector<uint32_t> ids;
    std::vector<float> distances;
  };

  int searches_ = 0;
  double sum_ = 0;
  std::vector<char> hoard_;
  std::map<std::vector<float>, Answer> memory_;
  std::vector<float> waiting_;
  uint32_t* late_ids_ = nullptr;
  float* late_distances_ = nullptr;
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new Shirks(dim, metric, params);
}

}  // namespace annsmith::test
