#ifndef ANNSMITH_HARNESS_SEARCH_PROCESS_H_
#define ANNSMITH_HARNESS_SEARCH_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/dataset.h"
#include "harness/failure.h"
#include "harness/host_process.h"

namespace annsmith::harness {

// What came back for one hand-over, copied out of shared memory.
struct Answers {
  std::vector<int32_t> statuses;
  std::vector<uint32_t> ids;     // k for each query
  std::vector<float> distances;  // k for each query
};

// One search process, forked from a host for one round and killed after it. The supervisor places
// queries in shared memory, hands over, and takes the time from hand-over to completion. Not
// thread-safe.
class SearchProcess {
 public:
  struct Options {
    uint32_t slots = 0;  // queries that one hand-over will carry at most
    bool deny_clock = true;
    double slow = 0;
  };

  // Forks, pins, and waits until the process has finished its lock-down. The host outlives the
  // result.
  static Outcome<std::unique_ptr<SearchProcess>> Start(HostProcess* host, uint32_t k, uint32_t ef,
                                                       Options options, Deadline deadline);
  ~SearchProcess();
  SearchProcess(const SearchProcess&) = delete;
  SearchProcess& operator=(const SearchProcess&) = delete;

  // Has the process take in queries, as the slots from 0 on, and empties their answers. REQUIRES:
  // count <= slots.
  Result Place(const Dataset& data, const uint64_t* rows, uint32_t count, Deadline deadline);

  // The same; queries from `hidden_from` on stay hidden from the process until a hand-over of
  // theirs. REQUIRES: no hand-over reaches from before `hidden_from` to behind it.
  Result PlaceHidden(const Dataset& data, const uint64_t* rows, uint32_t count,
                     uint32_t hidden_from, Deadline deadline);
  // The same with queries that no dataset has, one after the other.
  Result PlaceValues(const std::vector<float>& queries, uint32_t count, Deadline deadline);

  // Each hands the slots [first, first + count) over, blocks until they are done and returns the
  // seconds it took. Search looks at nothing but completion, death, signals and the deadline while
  // it waits; SearchWatched also at memory, 20 times a second. From the second hand-over on, Search
  // is awake for the last few per cent of the time it expects, so that its own wake-up, a tenth of
  // a millisecond and more on a virtual machine, is not measured.
  Outcome<double> Search(uint32_t first, uint32_t count, Deadline deadline);
  Outcome<double> SearchWatched(uint32_t first, uint32_t count, Deadline deadline);
  // The hand-over of one slot by spinning; the process spins from the first one on.
  Outcome<double> SearchSpinning(uint32_t slot, Deadline deadline);
  // A plain loop over the slots, timed by the process itself.
  Outcome<double> SearchBare(uint32_t first, uint32_t count, Deadline deadline);

  // Makes the process one of several that answer at a common start (see CommonStart): the queries
  // placed last, answers in the slots from `first` on. It takes no other hand-over after this.
  Result Join(uint32_t first, uint32_t count, Deadline deadline);
  // Whatever may have happened instead of completion: a death, a signal, the deadline.
  Result LookAround(Deadline deadline);

  // In the first slots; old answers must not pass for new ones.
  void EmptyAnswers(uint32_t count) const;
  // The answers of the slots [first, first + count).
  Answers Copy(uint32_t first, uint32_t count) const;
  // annsmith_last_error() of the first search that failed; empty if none did.
  std::string ErrorText() const;

  pid_t pid() const { return pid_; }

 private:
  enum class Wait { kBlock, kWatch, kSpin };

  SearchProcess(HostProcess* host, uint32_t k, uint32_t ef, double slow, pid_t pid)
      : host_(host), k_(k), ef_(ef), slow_(slow), pid_(pid) {}
  Outcome<double> Run(Task task, uint32_t first, uint32_t count, Wait wait, Deadline deadline);
  Result Await(uint32_t number, Wait wait, int64_t expected_ns, Deadline deadline);
  Result TakeIn(uint32_t count, Deadline deadline);
  bool WaitAwake(uint32_t number, int64_t until_ns) const;

  HostProcess* const host_;
  const uint32_t k_;
  const uint32_t ef_;
  const double slow_;
  const pid_t pid_;
  uint32_t number_ = 0;
  uint32_t hidden_from_ = UINT32_MAX;
  uint64_t key_ = 0;
  double seconds_per_query_ = 0;  // of the last blocking search; 0 before the first
  bool spins_ = false;            // it looks for the next hand-over itself and needs no wake-up
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SEARCH_PROCESS_H_
