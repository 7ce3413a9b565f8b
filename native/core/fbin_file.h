#ifndef ANNSMITH_CORE_FBIN_FILE_H_
#define ANNSMITH_CORE_FBIN_FILE_H_

#include <cstddef>
#include <string>

#include "core/mapped_file.h"

namespace annsmith {

// Vectors in the `.fbin` format, mapped read-only: u32 rows, u32 dim, then rows * dim float32,
// little endian. Thread-safety as MappedFile.
class FbinFile {
 public:
  // False, with a sentence naming the file and what is wrong in `error`.
  bool Open(const std::string& path, std::string* error);

  const float* data() const { return reinterpret_cast<const float*>(file_.data() + kHeaderBytes); }
  size_t rows() const { return rows_; }
  size_t dim() const { return dim_; }

 private:
  static constexpr size_t kHeaderBytes = 8;

  MappedFile file_;
  size_t rows_ = 0;
  size_t dim_ = 0;
};

}  // namespace annsmith

#endif  // ANNSMITH_CORE_FBIN_FILE_H_
