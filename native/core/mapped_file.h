#ifndef ANNSMITH_CORE_MAPPED_FILE_H_
#define ANNSMITH_CORE_MAPPED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace annsmith {

// A whole file mapped read-only. Movable, unmapped on destruction. Reading from several threads is
// safe as long as nobody truncates the file.
class MappedFile {
 public:
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // False, with a sentence naming the file in `error`, where it cannot be opened or mapped. An
  // empty file maps to no data. A mapping held before is replaced only on success.
  bool Open(const std::string& path, std::string* error);

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  void Close();

  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  std::string path_;
};

}  // namespace annsmith

#endif  // ANNSMITH_CORE_MAPPED_FILE_H_
