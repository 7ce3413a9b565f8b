#ifndef ANNSMITH_CORE_WRITE_ALL_H_
#define ANNSMITH_CORE_WRITE_ALL_H_

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace annsmith {

// Writes `size` bytes to a descriptor, however many calls it takes; false with errno set when it
// cannot.
inline bool WriteAll(int file, const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = write(file, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace annsmith

#endif  // ANNSMITH_CORE_WRITE_ALL_H_
