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
  // Counted in values: the size in bytes of an absurd header would not fit 64 bits.
  const uint64_t values = uint64_t{header[0]} * header[1];
  const uint64_t payload = file_.size() - kHeaderBytes;
  if (payload % sizeof(float) != 0 || payload / sizeof(float) != values) {
    *error = path + ": the header (offset 0) promises " + std::to_string(header[0]) +
             " rows of dim " + std::to_string(header[1]) + ", " + std::to_string(values) +
             " float32 values, but " + std::to_string(payload) + " bytes follow it";
    return false;
  }
  rows_ = header[0];
  dim_ = header[1];
  return true;
}

}  // namespace annsmith
