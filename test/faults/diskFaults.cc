// Preloaded into a run: after so many bytes written below some folders, the disk is full or the process is killed.
//   FAULT_PATHS   folders, separated by colons
//   FAULT_BYTES   what may still be written there
//   FAULT_KIND    "full": writes fail with ENOSPC; "kill": SIGKILL in the middle of a write
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Fault {
  std::vector<std::string> folders;
  std::atomic<long> left{0};
  bool kills = false;

  Fault() {
    const char* paths = getenv("FAULT_PATHS");
    const char* bytes = getenv("FAULT_BYTES");
    const char* kind = getenv("FAULT_KIND");
    if (paths == nullptr || bytes == nullptr || kind == nullptr) return;
    const std::string all = paths;
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = std::min(all.find(':', at), all.size());
      folders.push_back(all.substr(at, end - at) + "/");
      at = end + 1;
    }
    left = atol(bytes);
    kills = strcmp(kind, "kill") == 0;
  }

  bool Covers(const char* path) const {
    for (const auto& folder : folders) {
      if (strncmp(path, folder.c_str(), folder.size()) == 0) return true;
    }
    return false;
  }

  bool Covers(int file) const {
    char link[64];
    char path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    const ssize_t length = folders.empty() ? -1 : readlink(link, path, sizeof(path) - 1);
    if (length <= 0) return false;
    path[length] = '\0';
    return Covers(path);
  }

  // How many of so many bytes still fit.
  std::size_t Take(std::size_t bytes) {
    const long before = left.fetch_sub(static_cast<long>(bytes));
    return before <= 0 ? 0 : std::min(bytes, static_cast<std::size_t>(before));
  }

  bool IsFull() const { return !kills && left.load() <= 0; }
};

Fault& fault() {
  static Fault the_fault;
  return the_fault;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// `put` writes the first so many bytes.
template <typename Put>
ssize_t Write(int file, std::size_t bytes, Put put) {
  if (bytes == 0 || !fault().Covers(file)) return put(bytes);
  const std::size_t room = fault().Take(bytes);
  if (room == bytes) return put(bytes);
  const ssize_t done = room == 0 ? 0 : put(room);
  if (fault().kills) {
    kill(getpid(), SIGKILL);
    pause();
  }
  if (done > 0) return done;
  errno = ENOSPC;
  return -1;
}

std::size_t Total(const iovec* parts, int count) {
  std::size_t total = 0;
  for (int i = 0; i < count; ++i) total += parts[i].iov_len;
  return total;
}

std::vector<iovec> Head(const iovec* parts, int count, std::size_t bytes) {
  std::vector<iovec> head;
  for (int i = 0; i < count && bytes > 0; ++i) {
    head.push_back({parts[i].iov_base, std::min(parts[i].iov_len, bytes)});
    bytes -= head.back().iov_len;
  }
  return head;
}

int Refuse() {
  errno = ENOSPC;
  return -1;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t bytes) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  return Write(file, bytes, [&](size_t n) { return real(file, data, n); });
}

ssize_t pwrite(int file, const void* data, size_t bytes, off_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return Write(file, bytes, [&](size_t n) { return real(file, data, n, at); });
}

ssize_t pwrite64(int file, const void* data, size_t bytes, off64_t at) {
  return pwrite(file, data, bytes, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
  static const auto real = Real<ssize_t (*)(int, const iovec*, int)>("writev");
  return Write(file, Total(parts, count), [&](size_t n) {
    const auto head = Head(parts, count, n);
    return real(file, head.data(), static_cast<int>(head.size()));
  });
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t at) {
  static const auto real = Real<ssize_t (*)(int, const iovec*, int, off_t)>("pwritev");
  return Write(file, Total(parts, count), [&](size_t n) {
    const auto head = Head(parts, count, n);
    return real(file, head.data(), static_cast<int>(head.size()), at);
  });
}

ssize_t pwritev64(int file, const iovec* parts, int count, off64_t at) {
  return pwritev(file, parts, count, at);
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t bytes,
                        unsigned flags) {
  static const auto real =
      Real<ssize_t (*)(int, off64_t*, int, off64_t*, size_t, unsigned)>("copy_file_range");
  return Write(to, bytes, [&](size_t n) { return real(from, from_at, to, to_at, n, flags); });
}

ssize_t sendfile64(int to, int from, off64_t* at, size_t bytes) {
  static const auto real = Real<ssize_t (*)(int, int, off64_t*, size_t)>("sendfile64");
  return Write(to, bytes, [&](size_t n) { return real(to, from, at, n); });
}

ssize_t sendfile(int to, int from, off_t* at, size_t bytes) {
  return sendfile64(to, from, at, bytes);
}

// Harder than a real disk, which lets a file be made shorter: what is not taken back stays torn.
int ftruncate(int file, off_t size) {
  static const auto real = Real<int (*)(int, off_t)>("ftruncate");
  return fault().IsFull() && fault().Covers(file) ? Refuse() : real(file, size);
}

int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

int mkdir(const char* path, mode_t mode) {
  static const auto real = Real<int (*)(const char*, mode_t)>("mkdir");
  return fault().IsFull() && fault().Covers(path) && access(path, F_OK) != 0 ? Refuse()
                                                                            : real(path, mode);
}

int open(const char* path, int flags, ...) {
  static const auto real = Real<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(rest, int)) : 0;
  va_end(rest);
  const bool makes = (flags & O_CREAT) != 0 && fault().IsFull() && fault().Covers(path);
  return makes && access(path, F_OK) != 0 ? Refuse() : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(rest, int)) : 0;
  va_end(rest);
  return open(path, flags | O_LARGEFILE, mode);
}
}
