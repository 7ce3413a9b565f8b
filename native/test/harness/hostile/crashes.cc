// Ends of a process: in every stage, by every way out.

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

// Through volatile, so that no compiler foresees the fault.
void WriteToNull() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

volatile bool g_recurse = true;

int Recurse(int depth) {
  volatile char frame[4096] = {};
  frame[0] = static_cast<char>(depth);
  return (g_recurse ? Recurse(depth + 1) : 0) + frame[0];
}

class Crashes : public Hostile {
 public:
  using Hostile::Hostile;

  int Build(const float* base, uint64_t n, uint32_t threads) override {
    if (Does("segfault in build")) WriteToNull();
    if (Does("abort in build")) std::abort();
    if (Does("exit in build")) std::exit(0);
    if (Does("throw in build")) throw std::runtime_error("an exception across the boundary");
    if (Does("overflow in build")) return OverflowsTheHeap();
    if (Does("race in build")) return Races();
    return BruteForce::Build(base, n, threads);
  }

  int Prepare(const float* base, uint64_t n) override {
    if (Does("segfault in prepare")) WriteToNull();
    return BruteForce::Prepare(base, n);
  }

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    if (Does("segfault in search")) WriteToNull();
    if (Does("abort in search")) std::abort();
    if (Does("exit in search")) std::exit(3);
    if (Does("throw in search")) throw std::runtime_error("an exception across the boundary");
    if (Does("endless recursion in search")) return Recurse(0);
    if (Does("segfault at the 70th search") && ++searches_ == 70) WriteToNull();
    if (Does("overflow in search")) return OverflowsTheHeap();
    if (Does("undefined behaviour in search")) return Overflows(static_cast<int>(k));
    return BruteForce::Search(query, k, ef, ids, distances);
  }

  int Export(const annsmith_graph_sink& sink) const override {
    if (Does("segfault in export")) WriteToNull();
    return BruteForce::Export(sink);
  }

 private:
  // Found by the address sanitizer only.
  static int OverflowsTheHeap() {
    std::vector<int> numbers(8);
    int* volatile behind = numbers.data() + numbers.size();
    *behind = 1;
    return ANNSMITH_OK;
  }

  // Found by the undefined-behaviour sanitizer only.
  static int Overflows(int positive) {
    volatile int largest = 0x7FFFFFFF;
    return largest + positive == 0 ? ANNSMITH_INTERNAL : ANNSMITH_OK;
  }

  // Found by the thread sanitizer only.
  static int Races() {
    int shared = 0;
    std::thread other([&shared] { ++shared; });
    ++shared;
    other.join();
    return ANNSMITH_OK;
  }

  int searches_ = 0;
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new Crashes(dim, metric, params);
}

}  // namespace annsmith::test
