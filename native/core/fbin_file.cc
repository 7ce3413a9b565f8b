#include "core/fbin_file.h"

#include <cstdint>
#include <cstring>

namespace annsmith {

bool FbinFile::Open(const std::string& path, std::string* error) {
  if (!file_.Open(path, error)) return false;
  if (file_.size() < kHeaderBytes) {
    *error =
        path + ": " + std::to_string(file_.size()) + " bytes are too few for an .fbin header (8)";
    return false;
  }
  uint32_t header[2];
  std::memcpy(header, file_.data(), sizeof(header));
  if (header[1] == 0) {
    *error = path + ": field dim (offset 4) is 0";
    return false;
  }
  const uint64_t expected = kHeaderBytes + uint64_t{header[0]} * header[1] * sizeof(float);
  if (file_.size() != expected) {
    *error = path + ": the header promises " + std::to_string(header[0]) + " rows of dim " +
             std::to_string(header[1]) + ", " + std::to_string(expected) +
             " bytes, but there are " + std::to_string(file_.size());
    return false;
  }
  rows_ = header[0];
  dim_ = header[1];
  return true;
}

}  // namespace annsmith
