// Memory that the index owns: aligned buffers, and the vectors as rows of one such buffer.
#ifndef HNSW_STORAGE_H_
#define HNSW_STORAGE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace hnsw {

inline constexpr std::size_t kCacheLineBytes = 64;

/// A fixed-size array of plain values, zero-filled and aligned to a cache line.
/// Reading from several threads is safe; writing needs care outside.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable<T>::value, "buffers hold plain values");

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size), data_(Allocate(size * sizeof(T))) {}

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };

  static T* Allocate(std::size_t bytes) {
    const std::size_t lines =
        std::max<std::size_t>(1, (bytes + kCacheLineBytes - 1) / kCacheLineBytes);
    const std::size_t rounded = lines * kCacheLineBytes;
    void* memory = std::aligned_alloc(kCacheLineBytes, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, rounded);
    return static_cast<T*>(memory);
  }

  std::size_t size_ = 0;
  std::unique_ptr<T[], Free> data_;
};

/// The vectors, copied once. Each row starts on a cache line. Read-only after construction.
class VectorStorage {
 public:
  VectorStorage() = default;
  VectorStorage(const float* base, std::size_t n, std::size_t dim)
      : n_(n), dim_(dim), stride_(PaddedDim(dim)), rows_(n * stride_) {
    for (std::size_t i = 0; i < n; ++i) {
      std::copy(base + i * dim, base + (i + 1) * dim, rows_.data() + i * stride_);
    }
  }

  /// The rows of `other` in the order of `ids`.
  VectorStorage(const VectorStorage& other, const std::vector<std::uint32_t>& ids)
      : n_(ids.size()), dim_(other.dim_), stride_(other.stride_), rows_(n_ * stride_) {
    for (std::size_t i = 0; i < n_; ++i) {
      std::copy(other.row(ids[i]), other.row(ids[i]) + dim_, rows_.data() + i * stride_);
    }
  }

  std::size_t size() const { return n_; }
  std::size_t dim() const { return dim_; }
  std::size_t bytes() const { return rows_.bytes(); }
  const float* row(std::uint32_t id) const { return rows_.data() + id * stride_; }

 private:
  static std::size_t PaddedDim(std::size_t dim) {
    constexpr std::size_t kFloatsPerLine = kCacheLineBytes / sizeof(float);
    return (dim + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine;
  }

  std::size_t n_ = 0;
  std::size_t dim_ = 0;
  std::size_t stride_ = 0;  // floats from one row to the next
  AlignedBuffer<float> rows_;
};

}  // namespace hnsw

#endif  // HNSW_STORAGE_H_
