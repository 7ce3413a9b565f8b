#ifndef ANNSMITH_CORE_ALIGNED_BUFFER_H_
#define ANNSMITH_CORE_ALIGNED_BUFFER_H_

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace annsmith {

// Uninitialised memory on cache-line boundaries. Movable; as thread-safe as a plain array.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivial<T>::value, "elements are never constructed or destroyed");

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t count)
      : data_(static_cast<T*>(::operator new(count * sizeof(T), kAlignment))) {}

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Release {
    void operator()(T* memory) const { ::operator delete(memory, kAlignment); }
  };
  std::unique_ptr<T, Release> data_;
};

}  // namespace annsmith

#endif  // ANNSMITH_CORE_ALIGNED_BUFFER_H_
