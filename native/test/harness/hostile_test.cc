// Every way a candidate is known to go wrong, through the real program: it costs that side only,
// says what happened, and leaves no process behind.

#include <gtest/gtest.h>

#include <string>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

struct Case {
  const char* library;
  const char* deed;
  const char* stage;
  const char* reason;
  const char* detail;  // a part of the sentence
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.library << ": " << value.deed; }

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.deed;
  for (char& byte : name) {
    if (!isalnum(static_cast<unsigned char>(byte))) byte = '_';
  }
  return name;
}

const TestFiles& Files() {
  static const TestFiles files;
  return files;
}

// Whether the kernel and the container give what a test of the lock-down is about.
bool Held(const std::string& opened, const std::string& part) {
  const std::string value = Field(Field(opened, "lockdown"), part);
  return value != "false" && value != "0";
}

void ExpectFailure(const std::string& reply, const Case& expected) {
  EXPECT_EQ(Field(reply, "ok"), "false") << reply;
  EXPECT_EQ(Field(reply, "stage"), expected.stage) << reply;
  EXPECT_EQ(Field(reply, "reason"), expected.reason) << reply;
  EXPECT_EQ(Field(reply, "side"), "b") << reply;
  EXPECT_NE(Field(reply, "detail").find(expected.detail), std::string::npos) << reply;
}

// The reference is open throughout, and still answers afterwards.
class HostileTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    ASSERT_EQ(Field(client_.Ask(Files().DataCommand()), "ok"), "true");
    ASSERT_EQ(Field(client_.Ask(Files().OpenCommand("a", "honest")), "ok"), "true");
  }

  void TearDown() override {
    const std::string answer = client_.Ask("answer side=a ef=10 k=10 rows=0:20 id=77");
    EXPECT_EQ(Field(answer, "id"), "77") << answer;
    EXPECT_EQ(Field(answer, "recall"), "1") << answer;
    client_.Ask("close side=b");
    // One host is left: the reference's.
    EXPECT_EQ(ProcessesWith(Files().name()).size(), 1u);
    EXPECT_EQ(Field(client_.Ask("quit"), "ok"), "true");
    EXPECT_EQ(client_.Wait(), 0);
    EXPECT_TRUE(AllGone(Files().name()));
  }

  HarnessClient client_;
};

class HostileBuild : public HostileTest {};

TEST_P(HostileBuild, CostsItsSideOnly) {
  const std::string limits = " memoryBytes=268435456 timeoutMs=3000";
  const std::string reply =
      client_.Ask(Files().OpenCommand("b", GetParam().library, GetParam().deed, limits.substr(1)));
  ExpectFailure(reply, GetParam());
  EXPECT_EQ(Field(client_.Ask("memory side=b"), "reason"), "usage");
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileBuild,
    testing::Values(
        Case{"crashes", "segfault in build", "build", "crash", "SIGSEGV"},
        Case{"crashes", "abort in build", "build", "crash", "SIGABRT"},
        Case{"crashes", "exit in build", "build", "exited", "code 0"},
        Case{"crashes", "throw in build", "build", "crash", "an exception across the boundary"},
        Case{"crashes", "segfault in prepare", "prepare", "crash", "SIGSEGV"},
        Case{"wrong_answers", "build status", "build", "status", "the index is on strike"},
        Case{"wrong_answers", "out of memory", "build", "memory", "annsmith_build() returned 2"},
        Case{"greed", "endless build", "build", "timeout", "did not end"},
        Case{"greed", "memory in build", "build", "memory", "more than the 256 MiB"},
        Case{"greed", "vector in build", "build", "memory", "std::bad_alloc"},
        Case{"greed", "too many threads", "build", "threads", "threads = 1"},
        Case{"greed", "thread left behind", "prepare", "threads", "alive after annsmith_prepare()"},
        Case{"greed", "fork bomb", "build", "timeout", "did not end"},
        Case{"escapes", "close everything", "build", "exited", ""},
        Case{"old_abi", "old version", "load", "abi", "annsmith_abi_version() is 2"}),
    CaseName);

class HostileSearch : public HostileTest {};

TEST_P(HostileSearch, CostsItsSideOnly) {
  const std::string opened = client_.Ask(
      Files().OpenCommand("b", GetParam().library, GetParam().deed, "memoryBytes=268435456"));
  ASSERT_EQ(Field(opened, "ok"), "true") << opened;
  const std::string reason = GetParam().reason;
  const bool denied = reason == "threads" || reason == "clock" || reason == "syscall";
  if (denied && !Held(opened, "seccomp")) GTEST_SKIP() << "there is no seccomp here";
  ExpectFailure(client_.Ask("answer side=b ef=10 k=10 rows=0:100 timeoutMs=3000"), GetParam());

  const std::string again = client_.Ask(Files().OpenCommand(
      "b", GetParam().library, GetParam().deed, "memoryBytes=268435456 strict=1"));
  ASSERT_EQ(Field(again, "ok"), "true") << again;
  ExpectFailure(client_.Ask("round efA=10 efB=10 k=10 chunk=100 pairs=2 lead=5 warm=5 rows=0:500 "
                            "seed=1 timeoutMs=3000"),
                GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileSearch,
    testing::Values(Case{"crashes", "segfault in search", "search", "crash", "libcrashes.so"},
                    Case{"crashes", "segfault at the 70th search", "search", "crash", "SIGSEGV"},
                    Case{"crashes", "endless recursion in search", "search", "crash", "SIGSEGV"},
                    Case{"crashes", "abort in search", "search", "crash", "SIGABRT"},
                    Case{"crashes", "exit in search", "search", "exited", "code 3"},
                    Case{"crashes", "throw in search", "search", "crash",
                         "an exception across the boundary"},
                    Case{"greed", "endless search", "search", "timeout", "did not end"},
                    Case{"greed", "thread in search", "search", "threads", "start a thread"},
                    Case{"escapes", "file in search", "search", "syscall", "openat"},
                    Case{"escapes", "socket in search", "search", "syscall", "socket"},
                    Case{"escapes", "folder in search", "search", "syscall", "mkdir"},
                    Case{"escapes", "noise in search", "search", "syscall", "write"},
                    Case{"escapes", "clock unlocked in search", "search", "syscall", "prctl"},
                    Case{"escapes", "coarse clock in search", "search", "clock", "clock"},
                    Case{"escapes", "clock call in search", "search", "clock", "clock_gettime"}),
    CaseName);

#if defined(__x86_64__)
// Elsewhere the clock that needs no system call cannot be denied.
INSTANTIATE_TEST_SUITE_P(TimeStampCounter, HostileSearch,
                         testing::Values(Case{"escapes", "clock in search", "search", "clock",
                                              "look at the clock"},
                                         Case{"escapes", "time stamp in search", "search", "clock",
                                              "look at the clock"}),
                         CaseName);
#endif

TEST_F(HostileTest, MemoryInSearchEndsAtTheLimit) {
  const std::string limit = "memoryBytes=268435456";
  ASSERT_EQ(Field(client_.Ask(Files().OpenCommand("b", "greed", "memory in search", limit)), "ok"),
            "true");
  ExpectFailure(client_.Ask("answer side=b ef=10 k=10 rows=0:100 timeoutMs=20000"),
                {"greed", "", "search", "memory", "more than the 256 MiB"});
}

TEST_F(HostileTest, MemoryPerQueryShows) {
  ASSERT_EQ(Field(client_.Ask(Files().OpenCommand("b", "greed", "memory per query")), "ok"),
            "true");
  const std::string reply = client_.Ask("answer side=b ef=10 k=10 rows=0:400 warm=400:100");
  EXPECT_GT(NumberField(reply, "rssAfter"), NumberField(reply, "rssBefore") + (20 << 20)) << reply;
}

TEST_F(HostileTest, ThreadsThatAreJoinedAreFine) {
  const std::string reply =
      client_.Ask(Files().OpenCommand("b", "greed", "threads as asked", "threads=2"));
  EXPECT_EQ(Field(reply, "threads"), "1") << reply;
}

TEST_F(HostileTest, NoiseReachesNobody) {
  const std::string opened =
      client_.Ask(Files().OpenCommand("b", "escapes", "noise in build", "id=4"));
  ASSERT_EQ(Field(opened, "id"), "4") << opened;
  const std::string reply = client_.Ask("answer side=b ef=10 k=10 rows=0:100 id=5");
  EXPECT_EQ(Field(reply, "id"), "5") << reply;
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
}

TEST_F(HostileTest, ChatterDoesNotHoldUpTheBuild) {
  const std::string reply = client_.Ask(Files().OpenCommand("b", "escapes", "chatter"));
  EXPECT_EQ(Field(reply, "ok"), "true") << reply;
}

// What the lock-down refuses, the candidate sees as an error and may live with.
class Refused : public HostileTest {};

TEST_P(Refused, WithAnErrorOnly) {
  WriteFile(Files().Path("base.fbin.copy"), ReadFile(Files().Path("base.fbin")));
  const std::string honest = client_.Ask(Files().OpenCommand("b", "honest"));
  client_.Ask("close side=b");
  if (!Held(honest, "seccomp") || !Held(honest, "landlock")) {
    GTEST_SKIP() << "not all of the lock-down can be had here: " << Field(honest, "lockdown");
  }
  const std::string reply = client_.Ask(Files().OpenCommand("b", "escapes", GetParam().deed));
  EXPECT_EQ(Field(reply, "ok"), "true") << reply;
  EXPECT_EQ(Field(reply, "processes"), "0") << reply;
}

INSTANTIATE_TEST_SUITE_P(
    All, Refused,
    testing::Values(
        Case{"", "read a file", "", "", ""}, Case{"", "write a file", "", "", ""},
        Case{"", "list a folder", "", "", ""}, Case{"", "open a socket", "", "", ""},
        Case{"", "start a program", "", "", ""}, Case{"", "kill the parent", "", "", ""},
        Case{"", "kill the group", "", "", ""}, Case{"", "leave the group", "", "", ""},
        Case{"", "outlive the parent", "", "", ""}, Case{"", "raise a limit", "", "", ""},
        Case{"", "share memory", "", "", ""}, Case{"", "fork", "", "", ""},
        Case{"", "raise its priority", "", "", ""}, Case{"", "leave its core", "", "", ""},
        Case{"", "set a timer", "", "", ""}, Case{"", "see the environment", "", "", ""},
        Case{"", "read a system file", "", "", ""}, Case{"", "read the memory map", "", "", ""},
        Case{"", "read machine facts", "", "", ""}, Case{"", "copy the channel", "", "", ""},
        Case{"", "write beside scratch", "", "", ""}, Case{"", "write to scratch", "", "", ""}),
    CaseName);

// The same where candidates are checked: what no index needs is fatal.
class Strict : public HostileTest {};

TEST_P(Strict, ItCostsTheSide) {
  const std::string honest = client_.Ask(Files().OpenCommand("b", "honest", "", "strict=1"));
  ASSERT_EQ(Field(honest, "ok"), "true") << honest;
  client_.Ask("close side=b");
  if (!Held(honest, "seccomp")) GTEST_SKIP() << "there is no seccomp here";
  const std::string reply =
      client_.Ask(Files().OpenCommand("b", GetParam().library, GetParam().deed, "strict=1"));
  ExpectFailure(reply, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    All, Strict,
    testing::Values(Case{"escapes", "read a file", "build", "syscall", "base.fbin.copy"},
                    Case{"escapes", "read a system file", "build", "syscall", "/etc/passwd"},
                    Case{"escapes", "read the memory map", "build", "syscall", "/proc/self/maps"},
                    Case{"escapes", "write a file", "build", "syscall", "openat"},
                    Case{"escapes", "write beside scratch", "build", "syscall", "scratch/notes"},
                    Case{"escapes", "list a folder", "build", "syscall", "it called openat"},
                    Case{"escapes", "open a socket", "build", "syscall", "socket"},
                    Case{"escapes", "start a program", "build", "processes", "process"},
                    Case{"escapes", "fork", "build", "processes", "clone"},
                    Case{"escapes", "kill the parent", "build", "syscall", "kill"},
                    Case{"escapes", "noise in build", "build", "syscall", "write"},
                    Case{"escapes", "share memory", "build", "syscall", "mmap"},
                    Case{"escapes", "copy the channel", "build", "syscall", "dup"}),
    CaseName);

class StrictButHonest : public HostileTest {};

TEST_P(StrictButHonest, WorksAsEver) {
  for (int time = 0; time < 2; ++time) {
    const std::string reply = client_.Ask(
        Files().OpenCommand("b", GetParam().library, GetParam().deed, "strict=1 threads=2"));
    ASSERT_EQ(Field(reply, "ok"), "true") << reply;
    const std::string answer = client_.Ask("answer side=b ef=10 k=10 rows=0:100");
    EXPECT_EQ(Field(answer, "recall"), "1") << answer;
    client_.Ask("close side=b");
  }
}

INSTANTIATE_TEST_SUITE_P(All, StrictButHonest,
                         testing::Values(Case{"escapes", "read machine facts", "", "", ""},
                                         Case{"escapes", "write to scratch", "", "", ""},
                                         Case{"greed", "threads as asked", "", "", ""}),
                         CaseName);

struct Wrong {
  const char* deed;
  const char* field;
  double count;  // over 50 queries
  double recall;
};

void PrintTo(const Wrong& value, std::ostream* out) { *out << value.deed; }

class WrongAnswers : public testing::TestWithParam<Wrong> {};

TEST_P(WrongAnswers, AreCountedAndTheFirstIsShown) {
  HarnessClient client;
  client.Ask(Files().DataCommand());
  ASSERT_EQ(Field(client.Ask(Files().OpenCommand("a", "wrong_answers", GetParam().deed)), "ok"),
            "true");
  const std::string reply = client.Ask("answer side=a ef=10 k=10 rows=0:50");
  const std::string violations = Field(reply, "violations");
  EXPECT_EQ(NumberField(violations, GetParam().field), GetParam().count) << reply;
  EXPECT_NEAR(NumberField(reply, "recall"), GetParam().recall, 1e-12) << reply;
  EXPECT_EQ(Field(Field(reply, "firstViolation"), "kind"), GetParam().field) << reply;
  EXPECT_EQ(Field(Field(reply, "firstViolation"), "row"), "0") << reply;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongAnswers,
    testing::Values(Wrong{"duplicate", "duplicate", 50, 0.9},
                    Wrong{"out of range", "outOfRange", 50, 0.9},
                    Wrong{"false distance", "falseDistance", 50, 1},
                    Wrong{"not a number", "notFinite", 50, 1}, Wrong{"unsorted", "unsorted", 50, 1},
                    Wrong{"missing", "missing", 50, 0.9}, Wrong{"status", "status", 50, 0}),
    [](const testing::TestParamInfo<Wrong>& info) { return std::string(info.param.field); });

TEST(WrongAnswersTest, FarPointsAreNoViolationButNoHitEither) {
  HarnessClient client;
  client.Ask(Files().DataCommand());
  client.Ask(Files().OpenCommand("a", "wrong_answers", "far"));
  const std::string reply = client.Ask("answer side=a ef=10 k=10 rows=0:50");
  EXPECT_LT(NumberField(reply, "recall"), 0.2) << reply;
  EXPECT_EQ(Field(reply, "firstViolation"), "") << reply;
}

TEST(WrongAnswersTest, AStatusComesWithTheIndexsOwnWords) {
  HarnessClient client;
  client.Ask(Files().DataCommand());
  client.Ask(Files().OpenCommand("a", "wrong_answers", "status"));
  const std::string reply = client.Ask("answer side=a ef=10 k=10 rows=0:50");
  EXPECT_EQ(Field(Field(reply, "firstViolation"), "error"), "this query is not to its taste")
      << reply;
}

struct BadExport {
  const char* library;
  const char* deed;
  const char* reason;
  const char* detail;
};

void PrintTo(const BadExport& value, std::ostream* out) { *out << value.deed; }

class BadExports : public testing::TestWithParam<BadExport> {};

TEST_P(BadExports, LeaveNoFile) {
  HarnessClient client;
  client.Ask(Files().DataCommand());
  const std::string path = Files().Path("bad.graph");
  const std::string reply =
      client.Ask(Files().OpenCommand("a", GetParam().library, GetParam().deed, "export=" + path));
  EXPECT_EQ(Field(reply, "stage"), "export") << reply;
  EXPECT_EQ(Field(reply, "reason"), GetParam().reason) << reply;
  EXPECT_NE(Field(reply, "detail").find(GetParam().detail), std::string::npos) << reply;
  EXPECT_EQ(ReadFile(path), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadExports,
    testing::Values(BadExport{"wrong_answers", "no header", "graph", "before header()"},
                    BadExport{"wrong_answers", "neighbour out of range", "graph", "names node 600"},
                    BadExport{"wrong_answers", "half a graph", "graph", "300 of 600 nodes"},
                    BadExport{"crashes", "segfault in export", "crash", "SIGSEGV"}),
    [](const testing::TestParamInfo<BadExport>& info) {
      std::string name = info.param.deed;
      for (char& byte : name) byte = byte == ' ' ? '_' : byte;
      return name;
    });

}  // namespace
}  // namespace annsmith::test
