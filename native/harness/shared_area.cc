#include "harness/shared_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace annsmith::harness {

static_assert(sizeof(Request) <= 1024 && sizeof(CommonStart) <= 1024 && sizeof(Reply) <= 2048,
              "the header page holds all three");
static_assert(std::atomic<uint32_t>::is_always_lock_free, "a futex word is a plain word");

SharedArea::~SharedArea() {
  if (memory_ != nullptr) munmap(memory_, Bytes(dim_));
}

SharedArea::SharedArea(SharedArea&& other) noexcept { *this = std::move(other); }

SharedArea& SharedArea::operator=(SharedArea&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(dim_, other.dim_);
  return *this;
}

size_t SharedArea::Bytes(uint32_t dim) { return DistanceOffset(dim) + kAnswerBytes; }

Outcome<int> SharedArea::CreateFile(uint32_t dim) {
  const int file = memfd_create("annsmith-hand-over", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0 || ftruncate(file, static_cast<off_t>(Bytes(dim))) != 0 ||
      fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    const std::string why = std::strerror(errno);
    if (file >= 0) close(file);
    return Failure{"load", "io", "shared memory for the hand-over cannot be made: " + why, ""};
  }
  return file;
}

Outcome<SharedArea> SharedArea::Map(int file, uint32_t dim) {
  void* memory = mmap(nullptr, Bytes(dim), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    return Failure{
        "load", "io",
        std::string("shared memory for the hand-over cannot be mapped: ") + std::strerror(errno),
        ""};
  }
  SharedArea area;
  area.memory_ = static_cast<uint8_t*>(memory);
  area.dim_ = dim;
  return area;
}

bool SharedArea::Clear() const { return madvise(memory_, Bytes(dim_), MADV_REMOVE) == 0; }

}  // namespace annsmith::harness
