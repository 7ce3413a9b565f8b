#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace annsmith {

MappedFile::~MappedFile() { Close(); }

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

bool MappedFile::Open(const std::string& path, std::string* error) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    *error = path + ": cannot be opened: " + std::strerror(errno);
    return false;
  }
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    *error = path + ": is not a regular file";
    close(file);
    return false;
  }
  const size_t size = static_cast<size_t>(status.st_size);
  void* memory = nullptr;
  if (size > 0) {
    memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
      *error =
          path + ": cannot be mapped (" + std::to_string(size) + " bytes): " + std::strerror(errno);
      close(file);
      return false;
    }
  }
  close(file);
  Close();
  data_ = static_cast<const uint8_t*>(memory);
  size_ = size;
  path_ = path;
  return true;
}

void MappedFile::Close() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace annsmith
