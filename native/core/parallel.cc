#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace annsmith {

void ParallelFor(unsigned threads, size_t items,
                 const std::function<void(size_t, unsigned)>& body) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto fail = [&] {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!failure) failure = std::current_exception();
    next.store(items);
  };
  const auto work = [&](unsigned worker) {
    try {
      for (size_t item = next++; item < items; item = next++) body(item, worker);
    } catch (...) {
      fail();
    }
  };
  const size_t workers = std::min<size_t>(std::max(1u, threads), items);
  std::vector<std::thread> others;
  try {
    for (size_t worker = 1; worker < workers; ++worker) {
      others.emplace_back(work, static_cast<unsigned>(worker));
    }
  } catch (...) {
    fail();
  }
  work(0);
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace annsmith
