#include "harness/process_facts.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace annsmith::harness {
namespace {

std::string ProcPath(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// The number behind "Name:" in a file of "Name: value kB" lines, in bytes.
uint64_t KilobyteField(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size(), name) != 0 || line[name.size()] != ':') continue;
    return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10) << 10;
  }
  return 0;
}

bool IsNumber(const char* text) {
  return *text != '\0' && std::string(text).find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

uint64_t AnonymousBytes(pid_t pid) {
  std::ifstream file(ProcPath(pid, "statm"));
  uint64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared) || resident < shared) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t SwappedBytes(pid_t pid) { return KilobyteField(ProcPath(pid, "status"), "VmSwap"); }

uint64_t MappedBytes(pid_t pid, const std::string& folder) {
  std::ifstream file(ProcPath(pid, "maps"));
  uint64_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find(' ' + folder) == std::string::npos) continue;
    uint64_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2) bytes += end - begin;
  }
  return bytes;
}

uint64_t HugePageBytes(pid_t pid) {
  return KilobyteField(ProcPath(pid, "smaps_rollup"), "AnonHugePages");
}

MemoryFacts ReadMemoryFacts(pid_t pid) {
  const std::string status = ProcPath(pid, "status");
  return {KilobyteField(status, "VmRSS"), KilobyteField(status, "VmHWM"), HugePageBytes(pid)};
}

unsigned ThreadCount(pid_t pid) {
  DIR* folder = opendir(ProcPath(pid, "task").c_str());
  if (folder == nullptr) return 0;
  unsigned count = 0;
  while (const dirent* entry = readdir(folder)) count += IsNumber(entry->d_name) ? 1 : 0;
  closedir(folder);
  return count;
}

double CpuSeconds(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

RunFacts ReadRunFacts(pid_t pid) {
  std::ifstream file(ProcPath(pid, "schedstat"));
  double run_ns = 0, wait_ns = 0;
  if (!(file >> run_ns >> wait_ns)) return {};
  return {run_ns * 1e-9, wait_ns * 1e-9};
}

std::vector<pid_t> ProcessesOfGroup(pid_t group) {
  std::vector<pid_t> members;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return members;
  while (const dirent* entry = readdir(folder)) {
    if (!IsNumber(entry->d_name)) continue;
    std::ifstream file(std::string("/proc/") + entry->d_name + "/stat");
    std::string line;
    std::getline(file, line);
    // The name in brackets may hold anything; the fields behind it are state, parent, group.
    const size_t end = line.rfind(')');
    if (end == std::string::npos) continue;
    std::istringstream fields(line.substr(end + 1));
    std::string state;
    pid_t parent = 0, of = 0;
    if (fields >> state >> parent >> of && of == group && state != "Z") {
      members.push_back(static_cast<pid_t>(std::atoi(entry->d_name)));
    }
  }
  closedir(folder);
  return members;
}

}  // namespace annsmith::harness
