#ifndef ANNSMITH_HARNESS_SHARED_AREA_H_
#define ANNSMITH_HARNESS_SHARED_AREA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/failure.h"

namespace annsmith::harness {

// What a search process is asked to do with its next hand-over.
enum class Task : uint32_t {
  kSetUp = 1,   // finish the lock-down, fault the base in, make room for `count` queries
  kLoad = 5,    // take the first `count` queries out of shared memory
  kSearch = 2,  // answer queries [first, first + count)
  kSpin = 3,    // answer one query per hand-over, waiting by spinning from now on
  kBare = 4,    // answer queries [first, first + count) and time itself
  kJoin = 6,    // wait for the common start from now on; answers go to the slots from `first` on
};

// Written by the supervisor, read by the search process.
struct alignas(64) Request {
  std::atomic<uint32_t> number;  // futex: counts hand-overs from 1
  uint32_t task;
  uint32_t first;
  uint32_t count;
  uint32_t k;
  uint32_t ef;
  double slow;   // spin this share of each search's time after it
  uint64_t key;  // of the queries handed over, see CipherQuery; 0: they lie open
};

// Several search processes of one side that start at the same moment. Each answers the queries it
// has loaded, all of them `passes` times.
struct alignas(64) CommonStart {
  std::atomic<uint32_t> number;  // futex: counts starts
  uint32_t passes;
  uint32_t processes;
  alignas(64) std::atomic<uint32_t> done;  // futex: processes at the end of their work
};

// Written by the search process, which is not trusted: texts and numbers in here explain a failure,
// no more. The supervisor copies every value out once before it looks at it, and takes no length or
// offset from here.
struct alignas(64) Reply {
  std::atomic<uint32_t>
      number;  // futex: the hand-over that is done; the top bit is the supervisor's own wake-up
  int64_t bare_ns;
  // Filled by the fault handler.
  uint32_t fault_signal;
  uint32_t fault_clock;
  int64_t fault_call;  // system call number, -1 for none
  uint64_t fault_address;
  char fault_place[128];
  char fault_path[128];  // of the file, where the call was an open
  char error_text[256];  // annsmith_last_error() of the first search that failed
};

// A memfd shared between the supervisor and the processes of one side: request, reply, then the
// queries and the answers of one hand-over. Its size is fixed and sealed, so that neither side can
// make the other fault. Both processes compute the layout from the same numbers. Sparse: only
// touched pages take memory.
class SharedArea {
 public:
  // Queries that one hand-over can carry, and the largest k.
  static constexpr uint32_t kCapacity = 16384;
  static constexpr uint32_t kMostNeighbours = 255;

  SharedArea() = default;
  ~SharedArea();
  SharedArea(SharedArea&& other) noexcept;
  SharedArea& operator=(SharedArea&& other) noexcept;

  static size_t Bytes(uint32_t dim);
  // Makes the memfd; the caller owns the descriptor.
  static Outcome<int> CreateFile(uint32_t dim);
  static Outcome<SharedArea> Map(int file, uint32_t dim);

  // Empties all of it: what a search process may have put aside in it is gone. False if it cannot
  // be.
  bool Clear() const;

  Request& request() const { return *reinterpret_cast<Request*>(memory_); }
  CommonStart& common_start() const {
    return *reinterpret_cast<CommonStart*>(memory_ + kCommonStartOffset);
  }
  Reply& reply() const { return *reinterpret_cast<Reply*>(memory_ + kReplyOffset); }
  float* queries() const { return reinterpret_cast<float*>(memory_ + kHeaderBytes); }
  int32_t* statuses() const { return reinterpret_cast<int32_t*>(memory_ + StatusOffset(dim_)); }
  uint32_t* ids() const { return reinterpret_cast<uint32_t*>(memory_ + IdOffset(dim_)); }
  float* distances() const { return reinterpret_cast<float*>(memory_ + DistanceOffset(dim_)); }

 private:
  static constexpr size_t kCommonStartOffset = 1024;
  static constexpr size_t kReplyOffset = 2048;
  static constexpr size_t kHeaderBytes = 4096;
  static constexpr size_t kAnswerBytes = size_t{kCapacity} * kMostNeighbours * 4;

  static size_t StatusOffset(uint32_t dim) { return kHeaderBytes + size_t{kCapacity} * dim * 4; }
  static size_t IdOffset(uint32_t dim) { return StatusOffset(dim) + size_t{kCapacity} * 4; }
  static size_t DistanceOffset(uint32_t dim) { return IdOffset(dim) + kAnswerBytes; }

  uint8_t* memory_ = nullptr;
  uint32_t dim_ = 0;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SHARED_AREA_H_
