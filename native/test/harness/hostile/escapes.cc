// Attempts on what lies outside: files, network, other processes, clocks, the harness's own
// descriptors. Those that the lock-down refuses with an error end in ANNSMITH_OK when refused, and
// in ANNSMITH_INTERNAL with a text when they worked.

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "test/harness/hostile/deeds.h"

namespace annsmith::test {
namespace {

// The text behind "key": in the parameters.
std::string TextField(const std::string& params, const std::string& key) {
  const std::string name = "\"" + key + "\":\"";
  const size_t at = params.find(name);
  if (at == std::string::npos) return "";
  const size_t from = at + name.size();
  return params.substr(from, params.find('"', from) - from);
}

int Worked(bool worked, const char* what) {
  if (!worked) return ANNSMITH_OK;
  g_last_error = std::string("it worked: ") + what;
  return ANNSMITH_INTERNAL;
}

class Escapes : public Hostile {
 public:
  using Hostile::Hostile;

  int Build(const float* base, uint64_t n, uint32_t threads) override {
    if (const int status = TryInBuild()) return status;
    return BruteForce::Build(base, n, threads);
  }

  int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
             float* distances) override {
    if (Does("file in search")) open("/etc/hostname", O_RDONLY);
    if (Does("folder in search")) mkdir("seen-before", 0700);
    if (Does("clock unlocked in search")) prctl(PR_SET_TSC, PR_TSC_ENABLE);
    if (Does("coarse clock in search")) {
      timespec now;
      clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    }
    if (Does("socket in search")) socket(AF_INET, SOCK_STREAM, 0);
    if (Does("clock in search")) started_ = std::chrono::steady_clock::now();
    if (Does("clock call in search")) {
      timespec now;
      syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    }
#if defined(__x86_64__)
    if (Does("time stamp in search")) counter_ += __rdtsc();
#endif
    if (Does("noise in search")) {
      for (int i = 0; i < 1000; ++i) {
        for (int file = 0; file < 16; ++file) {
          const ssize_t written = write(file, "{\"id\":1,\"ok\":true}\n", 19);
          (void)written;
        }
      }
    }
    return BruteForce::Search(query, k, ef, ids, distances);
  }

 private:
  int TryInBuild() {
    if (Does("read a file")) {
      return Worked(open(TextField(params_, "file").c_str(), O_RDONLY) >= 0, "reading a file");
    }
    if (Does("write a file")) {
      return Worked(open(TextField(params_, "file").c_str(), O_WRONLY | O_CREAT, 0644) >= 0,
                    "writing a file");
    }
    if (Does("write to scratch")) {
      const int file = open("notes", O_RDWR | O_CREAT | O_EXCL, 0644);
      const bool written = file >= 0 && write(file, "x", 1) == 1;
      if (!written) g_last_error = "the scratch folder cannot be used, or is not empty";
      return written ? ANNSMITH_OK : ANNSMITH_INTERNAL;
    }
    if (Does("write beside scratch")) {
      const std::string path = TextField(params_, "scratch") + "/notes";
      return Worked(open(path.c_str(), O_WRONLY | O_CREAT, 0644) >= 0, "writing a file");
    }
    if (Does("read a system file")) {
      return Worked(open("/etc/passwd", O_RDONLY) >= 0, "reading a file");
    }
    if (Does("read the memory map")) {
      return Worked(open("/proc/self/maps", O_RDONLY) >= 0, "reading the memory map");
    }
    if (Does("read machine facts")) {
      char bytes[64];
      const int file = open("/proc/cpuinfo", O_RDONLY);
      const bool known = file >= 0 && read(file, bytes, sizeof(bytes)) > 0;
      if (!known) g_last_error = "the processor is a secret";
      return known ? ANNSMITH_OK : ANNSMITH_INTERNAL;
    }
    if (Does("copy the channel")) return Worked(dup(3) >= 0, "a copy of the channel");
    if (Does("list a folder")) return Worked(opendir("/") != nullptr, "listing a folder");
    if (Does("open a socket")) return Worked(socket(AF_INET, SOCK_STREAM, 0) >= 0, "a socket");
    if (Does("start a program")) return Worked(std::system("true") == 0, "starting a program");
    if (Does("kill the parent")) return Worked(kill(getppid(), SIGTERM) == 0, "a signal");
    if (Does("kill the group")) return Worked(kill(0, SIGTERM) == 0, "a signal");
    if (Does("leave the group")) return Worked(setsid() >= 0 || setpgid(0, 1) == 0, "leaving");
    if (Does("outlive the parent")) return Worked(prctl(PR_SET_PDEATHSIG, 0) == 0, "outliving");
    if (Does("raise its priority")) {
      const sched_param first = {1};
      return Worked(
          setpriority(PRIO_PROCESS, 0, -5) == 0 || sched_setscheduler(0, SCHED_FIFO, &first) == 0,
          "a higher priority");
    }
    if (Does("leave its core")) {
      cpu_set_t all;
      CPU_ZERO(&all);
      for (int core = 0; core < CPU_SETSIZE; ++core) CPU_SET(core, &all);
      return Worked(sched_setaffinity(0, sizeof(all), &all) == 0, "another core");
    }
    if (Does("set a timer")) {
      const itimerval soon = {{0, 1000}, {0, 1000}};
      return Worked(setitimer(ITIMER_REAL, &soon, nullptr) == 0, "a timer");
    }
    if (Does("raise a limit")) {
      const rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
      return Worked(setrlimit(RLIMIT_AS, &limit) == 0, "raising a limit");
    }
    if (Does("share memory")) {
      void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      return Worked(memory != MAP_FAILED, "memory that outlives a round");
    }
    if (Does("fork")) {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      return Worked(child > 0, "a process");
    }
    if (Does("see the environment")) return Worked(environ != nullptr && *environ != nullptr, "it");
    if (Does("close everything")) {
      for (int file = 0; file < 64; ++file) close(file);
    }
    if (Does("noise in build")) {
      for (int round = 0; round < 1000; ++round) {
        for (int file = 0; file < 64; ++file) {
          const ssize_t written = write(file, "{\"id\":1,\"ok\":true}\n", 19);
          (void)written;
        }
      }
    }
    if (Does("chatter")) {
      for (int line = 0; line < 100000; ++line) std::fprintf(stderr, "still building %d\n", line);
    }
    return ANNSMITH_OK;
  }

  std::chrono::steady_clock::time_point started_;
  uint64_t counter_ = 0;
};

}  // namespace

BruteForce* MakeIndex(uint32_t dim, int metric, const char* params) {
  return new Escapes(dim, metric, params);
}

}  // namespace annsmith::test
