// More than a candidate's share: time, memory, threads, processes.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

void LoopForever() {
  for (volatile bool on = true; on;) {
  }
}

// Touches what it takes, as reserving alone costs nothing.
void TakeMemory() {
  constexpr size_t kBlock = 16 << 20;
  for (;;) {
    void* block = std::malloc(kBlock);
    if (block == nullptr) continue;
    std::memset(block, 1, kBlock);
  }
}

// Threads that outlive the call that started them.
void LeaveThread() { std::thread(LoopForever).detach(); }

class Greed : public Hostile {
 public:
  using Hostile::Hostile;

  int Build(const float* base, uint64_t n, uint32_t threads) override {
    if (Does("endless build")) LoopForever();
    if (Does("memory in build")) TakeMemory();
    if (Does("vector in build")) std::vector<char>(size_t{1} << 40);
    if (Does("thread left behind")) LeaveThread();
    if (Does("too many threads")) {
      for (int i = 0; i < 32; ++i) LeaveThread();
      LoopForever();
    }
    if (Does("threads as asked")) {
      std::vector<std::thread> pool;
      std::atomic<uint64_t> sum{0};
      for (uint32_t i = 0; i < threads; ++i) pool.emplace_back([&sum] { ++sum; });
      for (std::thread& thread : pool) thread.join();
    }
    if (Does("fork bomb")) {
      for (;;) {
        if (fork() == 0) continue;
      }
    }
    if (Does("fork left behind") && fork() == 0) LoopForever();
    return BruteForce::Build(base, n, threads);
  }

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    if (Does("endless search")) LoopForever();
    if (Does("memory in search")) TakeMemory();
    if (Does("memory per query")) std::memset(std::malloc(kLeak), 1, kLeak);
    if (Does("thread in search")) std::thread([] {}).join();
    return BruteForce::Search(query, k, ef, ids, distances);
  }

 private:
  static constexpr size_t kLeak = 64 << 10;
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new Greed(dim, metric, params);
}

}  // namespace annsmith::test
