#include "core/truth_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/write_all.h"

namespace annsmith {
bool WriteTruthFile(const std::string& path, const KnnResult& result, std::string* error) {
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) {
    *error = temporary + ": cannot be created: " + std::strerror(errno);
    return false;
  }
  const uint32_t header[2] = {static_cast<uint32_t>(result.ids.size() / result.k),
                              static_cast<uint32_t>(result.k)};
  bool good = WriteAll(file, header, sizeof(header)) &&
              WriteAll(file, result.ids.data(), result.ids.size() * sizeof(uint32_t)) &&
              WriteAll(file, result.distances.data(), result.distances.size() * sizeof(float)) &&
              fsync(file) == 0;
  good = close(file) == 0 && good;
  good = good && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!good) {
    *error = path + ": cannot be written: " + std::strerror(errno);
    unlink(temporary.c_str());
  }
  return good;
}

}  // namespace annsmith
