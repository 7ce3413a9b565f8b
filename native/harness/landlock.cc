#include "harness/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace annsmith::harness {
namespace {

// The kernel's interface (Documentation/userspace-api/landlock.rst), spelt out here because the
// build machine's headers may be older than the kernel that the program runs on.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadFolder = 1 << 3;
constexpr uint64_t kRemoveFolder = 1 << 4;
constexpr uint64_t kRemoveFile = 1 << 5;
constexpr uint64_t kMakeFolder = 1 << 7;
constexpr uint64_t kMakeFile = 1 << 8;
constexpr uint64_t kAllOfAbi1 = (1 << 13) - 1;
constexpr uint64_t kRefer = 1 << 13;                     // ABI 2
constexpr uint64_t kTruncate = 1 << 14;                  // ABI 3
constexpr uint64_t kDeviceIoctl = 1 << 15;               // ABI 5
constexpr uint64_t kBindAndConnectTcp = 3;               // ABI 4
constexpr uint64_t kScopeAbstractSocketsAndSignals = 3;  // ABI 6

struct RulesetAttributes {
  uint64_t handled_files;
  uint64_t handled_network;
  uint64_t scoped;
};

struct __attribute__((packed)) PathBeneath {
  uint64_t allowed;
  int32_t parent;
};

void Allow(int ruleset, const std::string& path, uint64_t folder_rights, uint64_t file_rights) {
  const int at = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (at < 0) return;
  struct stat status;
  if (fstat(at, &status) == 0) {
    PathBeneath rule = {S_ISDIR(status.st_mode) ? folder_rights : file_rights, at};
    syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0);
  }
  close(at);
}

}  // namespace

int LandlockAbi() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

LandlockResult RestrictFileAccess(const LandlockRules& rules) {
  LandlockResult result;
  const int abi = LandlockAbi();
  if (abi == 0) return result;

  RulesetAttributes attributes = {};
  attributes.handled_files = kAllOfAbi1 | (abi >= 2 ? kRefer : 0) | (abi >= 3 ? kTruncate : 0) |
                             (abi >= 5 ? kDeviceIoctl : 0);
  if (abi >= 4) attributes.handled_network = kBindAndConnectTcp;
  if (abi >= 6) attributes.scoped = kScopeAbstractSocketsAndSignals;
  const size_t known = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const int ruleset = static_cast<int>(syscall(kCreateRuleset, &attributes, known, 0));
  if (ruleset < 0) return result;

  for (const std::string& path : rules.readable) {
    Allow(ruleset, path, kReadFile | kReadFolder, kReadFile);
  }
  const uint64_t write_file = kReadFile | kWriteFile | (abi >= 3 ? kTruncate : 0);
  for (const std::string& path : rules.writable) {
    Allow(ruleset, path,
          write_file | kReadFolder | kRemoveFolder | kRemoveFile | kMakeFolder | kMakeFile,
          write_file);
  }
  if (syscall(kRestrictSelf, ruleset, 0) == 0) {
    result.abi = abi;
    result.network = abi >= 4;
    result.scoped = abi >= 6;
  }
  close(ruleset);
  return result;
}

}  // namespace annsmith::harness
