#ifndef ANNSMITH_CORE_PARALLEL_H_
#define ANNSMITH_CORE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace annsmith {

// Calls body(item, worker) once for every item < items, on up to `threads` workers (numbers below
// `threads`), which take items in order as they become free. The calling thread is one of the
// workers. Returns when all are done; the first exception of a body, or of starting a thread, is
// rethrown after that, and remaining items are then skipped.
void ParallelFor(unsigned threads, size_t items,
                 const std::function<void(size_t item, unsigned worker)>& body);

}  // namespace annsmith

#endif  // ANNSMITH_CORE_PARALLEL_H_
