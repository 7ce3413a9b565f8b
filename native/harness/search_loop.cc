#include "harness/search_loop.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "harness/call_numbers.h"
#include "harness/fault_handler.h"
#include "harness/fault_in.h"
#include "harness/futex.h"
#include "harness/lockdown.h"
#include "harness/monotonic.h"
#include "harness/query_cipher.h"
#include "harness/seccomp.h"
#include "harness/supervisor_signals.h"

namespace annsmith::harness {
namespace {

void SetUp(const SearchContext& context) {
  Reply& reply = context.area->reply();
  // Nothing that was opened while the index was built stays open: no state leaves a round.
  syscall(kCloseRange, 3, ~0U, 0);
  FaultIn(context.base, context.base_bytes);
  if (context.deny_calls) InstallFaultHandlers(&reply);
  if (context.deny_clock) {
    RemoveClockPages(*context.clock_pages);
#if defined(PR_SET_TSC)
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
#endif
  }
  if (!context.deny_calls) return;
  DenyFiles();
  InstallSearchFilter(context.deny_clock);
}

// The first `count` queries that a process has loaded; their answers go to the slots from `first`
// on.
struct Share {
  uint32_t first;
  uint32_t count;
  uint32_t k;
  uint32_t ef;
};

// Answers the queries of a request, one call each. Queries are loaded into this process before they
// are asked: reading them out of the supervisor's cache would be part of the time otherwise. Each
// is copied once more for its call, so that the next query does not lie behind it, and its answer
// is taken when the call returns: what comes later comes too late.
class Searcher {
 public:
  explicit Searcher(const SearchContext& context) : context_(context), query_(context.dim) {}

  // All memory is made and touched here: what grows later is the candidate's.
  void MakeRoom(uint32_t queries) { queries_.assign(size_t{queries} * context_.dim, 0); }

  // REQUIRES: MakeRoom for at least as many.
  void Load(uint32_t queries) {
    std::memcpy(queries_.data(), context_.area->queries(),
                size_t{queries} * context_.dim * sizeof(float));
  }

  void AnswerAll(const Request& request) {
    const double slow = request.slow;
    for (uint32_t i = request.first; i < request.first + request.count; ++i) {
      if (slow > 0) {
        AnswerSlowly(request, i, slow);
      } else {
        Answer(request, i);
      }
    }
  }

  void AnswerShare(const Share& share) {
    for (uint32_t i = 0; i < share.count; ++i) {
      std::memcpy(query_.data(), QueryAt(i), context_.dim * sizeof(float));
      AnswerQuery(share.first + i, share.k, share.ef);
    }
  }

  // What the hand-over is compared with: the same calls in a plain loop over private memory.
  int64_t AnswerBare(const Request& request) {
    const float* queries = QueryAt(request.first);
    std::vector<uint32_t> ids(request.k);
    std::vector<float> distances(request.k);
    const int64_t start = MonotonicNs();
    for (uint32_t i = 0; i < request.count; ++i) {
      context_.library->search(context_.index, queries + size_t{i} * context_.dim, request.k,
                               request.ef, ids.data(), distances.data());
    }
    return MonotonicNs() - start;
  }

 private:
  const float* QueryAt(uint32_t i) const { return queries_.data() + size_t{i} * context_.dim; }

  void Answer(const Request& request, uint32_t i) {
    if (request.key == 0) {
      std::memcpy(query_.data(), QueryAt(i), context_.dim * sizeof(float));
    } else {
      CipherQuery(query_.data(), QueryAt(i), context_.dim, request.key, i);
    }
    AnswerQuery(i, request.k, request.ef);
  }

  // Answers the query in `query_`.
  void AnswerQuery(uint32_t slot, uint32_t k, uint32_t ef) {
    // Of exactly this size, so that a sanitizer sees what is written behind it.
    if (ids_.size() != k) {
      ids_ = std::vector<uint32_t>(k);
      distances_ = std::vector<float>(k);
    }
    std::fill(ids_.begin(), ids_.end(), ANNSMITH_NO_ID);
    const int status = context_.library->search(context_.index, query_.data(), k, ef, ids_.data(),
                                                distances_.data());
    const SharedArea& area = *context_.area;
    std::memcpy(area.ids() + size_t{slot} * k, ids_.data(), k * sizeof(uint32_t));
    std::memcpy(area.distances() + size_t{slot} * k, distances_.data(), k * sizeof(float));
    area.statuses()[slot] = status;
    if (status != ANNSMITH_OK) NoteError();
  }

  void AnswerSlowly(const Request& request, uint32_t i, double slow) {
    const int64_t start = MonotonicNs();
    Answer(request, i);
    const int64_t now = MonotonicNs();
    const int64_t until = now + static_cast<int64_t>(static_cast<double>(now - start) * slow);
    while (MonotonicNs() < until) {
    }
  }

  void NoteError() {
    Reply& reply = context_.area->reply();
    if (reply.error_text[0] != '\0') return;
    const char* text = context_.library->last_error();
    if (text != nullptr) std::strncpy(reply.error_text, text, sizeof(reply.error_text) - 1);
  }

  const SearchContext& context_;
  std::vector<float> queries_;
  std::vector<float> query_;
  std::vector<uint32_t> ids_;
  std::vector<float> distances_;
};

// The lead-in follows the load, and the timed chunk the lead-in, within a wake-up of the
// supervisor. Looking for it that long before blocking keeps this core's own wake-up out of the
// timed span.
constexpr uint32_t kLooksBeforeBlocking = 1 << 13;

uint32_t AwaitRequest(Request& request, uint32_t done, bool spin) {
  for (uint32_t looks = 0;; ++looks) {
    const uint32_t number = request.number.load(std::memory_order_acquire);
    if (number != done) return number;
    if (spin || looks < kLooksBeforeBlocking) {
      Relax();
    } else {
      FutexWait(request.number, done, 0);
    }
  }
}

// The rest of the life of a process that has joined others. `started` counts the starts before
// that.
[[noreturn]] void AnswerAtCommonStarts(CommonStart& start, uint32_t started, const Share& share,
                                       Searcher* searcher) {
  for (;;) {
    while (start.number.load(std::memory_order_acquire) == started) {
      FutexWait(start.number, started, 0);
    }
    started = start.number.load(std::memory_order_acquire);
    for (uint32_t pass = 0; pass < start.passes; ++pass) searcher->AnswerShare(share);
    const uint32_t done = start.done.fetch_add(1, std::memory_order_acq_rel) + 1;
    if ((done & ~kSignalBit) == start.processes) FutexWake(start.done);
  }
}

}  // namespace

void RunSearchLoop(const SearchContext& context) {
  // First of all: a supervisor that dies now sends no request to wake up by.
  if (!DieWithParent(context.supervisor)) _exit(0);
  Request& request = context.area->request();
  Reply& reply = context.area->reply();
  CommonStart& common_start = context.area->common_start();
  Searcher searcher(context);
  bool spin = false;
  for (uint32_t done = 0;;) {
    done = AwaitRequest(request, done, spin);
    const Task task = static_cast<Task>(request.task);
    if (task == Task::kSetUp) {
      searcher.MakeRoom(request.count);
      SetUp(context);
    }
    if (task == Task::kLoad) searcher.Load(request.count);
    if (task == Task::kSearch || task == Task::kSpin) searcher.AnswerAll(request);
    if (task == Task::kBare) reply.bare_ns = searcher.AnswerBare(request);
    // Read before the reply: from there on, the shared request is the next process's.
    const Share share = {request.first, request.count, request.k, request.ef};
    const uint32_t started = common_start.number.load(std::memory_order_acquire);
    reply.number.store(done, std::memory_order_release);
    // The other side of a spinning hand-over looks for itself.
    if (task == Task::kSpin) {
      spin = true;
    } else {
      FutexWake(reply.number);
    }
    if (task == Task::kJoin) AnswerAtCommonStarts(common_start, started, share, &searcher);
  }
}

}  // namespace annsmith::harness
