// Several search processes of one side at the same time, through the real program.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

class ThroughputTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(Field(client_.Ask(files_.DataCommand()), "ok"), "true");
    Open("a", "honest");
    cores_ = static_cast<int>(NumberField(Field(client_.Ask("hello"), "cpu"), "cores"));
  }

  void Open(const std::string& side, const std::string& library, const std::string& deed = "",
            const std::string& more = "") {
    const std::string reply = client_.Ask(files_.OpenCommand(side, library, deed, more));
    ASSERT_EQ(Field(reply, "ok"), "true") << reply;
  }

  // Processes of the files that are there, hosts and all.
  std::vector<std::string> Processes() const { return ProcessesWith(files_.name()); }

  // Pins of all processes but the hosts of `sides`, once there are `workers` of them.
  std::multiset<std::string> PinsOfWorkers(size_t sides, size_t workers) const {
    std::vector<std::string> all;
    while ((all = Processes()).size() < sides + workers) {
    }
    std::multiset<std::string> pins;
    for (const std::string& process : all) {
      const std::string status = ReadFile("/proc/" + process.substr(0, process.find(' ')) + "/status");
      const std::string name = "Cpus_allowed_list:\t";
      const size_t at = status.find(name) + name.size();
      pins.insert(status.substr(at, status.find('\n', at) - at));
    }
    return pins;
  }

  const TestFiles files_;
  HarnessClient client_;
  int cores_ = 1;
};

TEST_F(ThroughputTest, OneThreadAnswersWholePasses) {
  const std::string reply =
      client_.Ask("throughput side=a ef=10 k=10 rows=0:500 seed=1 threads=1 minSeconds=0.1");
  EXPECT_EQ(Field(reply, "threads"), "1") << reply;
  const double queries = NumberField(reply, "queries");
  EXPECT_GT(queries, 0);
  EXPECT_EQ(static_cast<int64_t>(queries) % 500, 0);
  EXPECT_GE(NumberField(reply, "seconds"), 0.1);
  EXPECT_NEAR(NumberField(reply, "qps") * NumberField(reply, "seconds") / queries, 1, 1e-6);
  EXPECT_EQ(Field(reply, "recall"), "1");
  EXPECT_EQ(Field(reply, "firstViolation"), "");
  // Nothing stays behind, and the area is the next command's again.
  EXPECT_EQ(Processes().size(), 1u);
  EXPECT_EQ(Field(client_.Ask("answer side=a ef=10 k=10 rows=0:50"), "recall"), "1");
}

TEST_F(ThroughputTest, EveryThreadAnswersItsOwnShare) {
  if (cores_ < 2) GTEST_SKIP() << "there is one core here";
  const std::string reply =
      client_.Ask("throughput side=a ef=10 k=10 rows=0:499 seed=7 threads=2 minSeconds=0.1");
  EXPECT_EQ(Field(reply, "threads"), "2") << reply;
  EXPECT_EQ(static_cast<int64_t>(NumberField(reply, "queries")) % 498, 0) << reply;
  // An answer that a worker did not give, or gave for another's query, is not right.
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
  EXPECT_EQ(Field(reply, "firstViolation"), "") << reply;
}

TEST_F(ThroughputTest, EveryThreadHasACoreOfItsOwn) {
  if (cores_ < 2) GTEST_SKIP() << "there is one core here";
  client_.Send("throughput side=a ef=10 k=10 rows=0:500 seed=1 threads=2 minSeconds=1");
  // All of them are pinned to the search core first: wait until one has moved on.
  std::multiset<std::string> pins;
  do {
    pins = PinsOfWorkers(1, 2);
  } while (pins.size() == 3 && std::set<std::string>(pins.begin(), pins.end()).size() == 1);
  // The host shares the last core with the first worker.
  EXPECT_EQ(pins.size(), 3u);
  EXPECT_EQ(std::set<std::string>(pins.begin(), pins.end()).size(), 2u);
  for (const std::string& pin : pins) EXPECT_EQ(pin.find_first_of(",-"), std::string::npos) << pin;
  EXPECT_EQ(Field(client_.ReadLine(), "ok"), "true");
}

TEST_F(ThroughputTest, UsageErrorsNameTheField) {
  const std::string most = std::to_string(cores_ + 1);
  const struct {
    std::string fields;
    std::string detail;
  } cases[] = {
      {"rows=0:500 threads=" + most, "threads is " + most + ", but this process may use"},
      {"rows=0:500 threads=0", "threads must be an integer from 1"},
      {"rows=0:501 threads=1", "within the 500 query rows"},
      {"rows=0:500", "threads is missing"},
      {"rows=0:500 threads=1 minSeconds=-1", "minSeconds"},
  };
  for (const auto& [fields, detail] : cases) {
    const std::string reply = client_.Ask("throughput side=a ef=10 k=10 seed=1 " + fields);
    EXPECT_EQ(Field(reply, "reason"), "usage") << reply;
    EXPECT_NE(Field(reply, "detail").find(detail), std::string::npos) << reply;
  }
  if (cores_ < 2) return;
  const std::string few = client_.Ask("throughput side=a ef=10 k=10 seed=1 rows=0:1 threads=2");
  EXPECT_NE(Field(few, "detail").find("too few for threads = 2"), std::string::npos) << few;
}

struct Deed {
  const char* library;
  const char* deed;
  const char* reason;
  const char* detail;
};

void PrintTo(const Deed& value, std::ostream* out) { *out << value.deed; }

class HostileThroughput : public ThroughputTest, public testing::WithParamInterface<Deed> {};

TEST_P(HostileThroughput, CostsItsSideOnly) {
  Open("b", GetParam().library, GetParam().deed, "memoryBytes=268435456");
  const std::string threads = std::to_string(cores_ < 2 ? 1 : 2);
  const std::string reply = client_.Ask("throughput side=b ef=10 k=10 rows=0:500 seed=1 threads=" +
                                        threads + " minSeconds=60 timeoutMs=5000");
  if (Field(reply, "ok") == "false" && std::string(GetParam().reason) == "threads" &&
      Field(reply, "reason") != "threads") {
    GTEST_SKIP() << "there is no seccomp here";
  }
  EXPECT_EQ(Field(reply, "reason"), GetParam().reason) << reply;
  EXPECT_EQ(Field(reply, "stage"), "search") << reply;
  EXPECT_EQ(Field(reply, "side"), "b") << reply;
  EXPECT_NE(Field(reply, "detail").find(GetParam().detail), std::string::npos) << reply;
  EXPECT_EQ(Field(client_.Ask("answer side=a ef=10 k=10 rows=0:20"), "recall"), "1");
  EXPECT_EQ(Processes().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(All, HostileThroughput,
                         testing::Values(Deed{"crashes", "segfault in search", "crash", "SIGSEGV"},
                                         Deed{"crashes", "segfault at the 70th search", "crash",
                                              "SIGSEGV"},
                                         Deed{"crashes", "exit in search", "exited", "code 3"},
                                         Deed{"greed", "endless search", "timeout", "did not end"},
                                         Deed{"greed", "memory in search", "memory",
                                              "more than the 256 MiB"},
                                         Deed{"greed", "thread in search", "threads",
                                              "start a thread"}),
                         [](const testing::TestParamInfo<Deed>& info) {
                           std::string name = info.param.deed;
                           for (char& byte : name) {
                             if (!isalnum(static_cast<unsigned char>(byte))) byte = '_';
                           }
                           return name;
                         });

TEST_F(ThroughputTest, SearchesThatFailAreCountedAndSayWhy) {
  Open("b", "wrong_answers", "status");
  const std::string reply =
      client_.Ask("throughput side=b ef=10 k=10 rows=0:50 seed=1 threads=1 minSeconds=0.01");
  EXPECT_EQ(NumberField(Field(reply, "violations"), "status"), 50) << reply;
  EXPECT_EQ(Field(Field(reply, "firstViolation"), "error"), "this query is not to its taste");
}

TEST_F(ThroughputTest, TerminationLeavesNoProcess) {
  const int threads = cores_ < 2 ? 1 : 2;
  client_.Send("throughput side=a ef=10 k=10 rows=0:500 seed=1 minSeconds=60 threads=" +
               std::to_string(threads));
  PinsOfWorkers(1, static_cast<size_t>(threads));
  client_.Signal(SIGTERM);
  EXPECT_EQ(WEXITSTATUS(client_.Wait()), 128 + SIGTERM);
  EXPECT_TRUE(Processes().empty());
}

}  // namespace
}  // namespace annsmith::test
