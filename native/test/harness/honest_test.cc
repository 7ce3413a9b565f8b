// An honest index through the real program: what is measured is what happens.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

constexpr const char* kNoViolations =
    R"({"status":0,"missing":0,"outOfRange":0,"duplicate":0,"unsorted":0,)"
    R"("falseDistance":0,"notFinite":0,"changed":0})";

class HonestTest : public testing::Test {
 protected:
  void Open(const std::string& side, const std::string& more = "") {
    const std::string reply = client_.Ask(files_.OpenCommand(side, "honest", "", more));
    ASSERT_EQ(Field(reply, "ok"), "true") << reply;
  }

  void SetUp() override {
    const std::string reply = client_.Ask(files_.DataCommand());
    ASSERT_EQ(reply, R"({"ok":true,"n":600,"dim":8,"queries":500,"truthK":20})");
  }

  const TestFiles files_;
  HarnessClient client_;
};

TEST_F(HonestTest, HelloTellsTheMachine) {
  const std::string reply = client_.Ask("hello id=3");
  EXPECT_EQ(Field(reply, "id"), "3");
  EXPECT_EQ(Field(reply, "version"), "1");
  EXPECT_EQ(Field(reply, "abi"), "1");
  EXPECT_EQ(NumberField(reply, "pid"), client_.pid());
  EXPECT_GE(NumberField(Field(reply, "cpu"), "cores"), 1);
  EXPECT_NE(Field(reply, "pinned"), "");
}

class Metrics : public testing::TestWithParam<annsmith_metric> {};

TEST_P(Metrics, BruteForceFindsEverything) {
  const TestFiles files(GetParam());
  HarnessClient client;
  client.Ask(files.DataCommand());
  const std::string opened = client.Ask(files.OpenCommand("a", "honest"));
  ASSERT_EQ(Field(opened, "ok"), "true") << opened;
  const std::string reply = client.Ask("answer side=a ef=10 k=10 rows=0:500");
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
  EXPECT_EQ(Field(reply, "violations"), kNoViolations);
  EXPECT_EQ(Field(reply, "threads"), "1");
  EXPECT_GT(NumberField(reply, "secondsPerQuery"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Metrics,
                         testing::Values(ANNSMITH_EUCLIDEAN, ANNSMITH_ANGULAR,
                                         ANNSMITH_INNER_PRODUCT));

TEST_F(HonestTest, OpenSaysWhatItCostAndWhatHeld) {
  const std::string reply = client_.Ask(files_.OpenCommand("a", "honest"));
  EXPECT_EQ(Field(reply, "side"), "a") << reply;
  for (const char* cost : {"buildWallSeconds", "prepareWallSeconds", "rssBytes", "peakRssBytes"}) {
    EXPECT_GT(NumberField(reply, cost), 0) << cost;
  }
  EXPECT_EQ(Field(reply, "threads"), "1");
  EXPECT_EQ(Field(reply, "processes"), "0");
  EXPECT_EQ(Field(Field(reply, "lockdown"), "noNewPrivs"), "true");
  EXPECT_EQ(Field(Field(reply, "lockdown"), "rlimits"), "true");
}

TEST_F(HonestTest, HashDependsOnTheAnswersAndNotOnTheirOrder) {
  Open("a");
  const std::string natural = client_.Ask("answer side=a ef=10 k=10 rows=0:100");
  const std::string shuffled = client_.Ask("answer side=a ef=10 k=10 rows=0:100 order=9");
  const std::string warmed =
      client_.Ask("answer side=a ef=10 k=10 rows=0:100 order=5 warm=200:100");
  const std::string others = client_.Ask("answer side=a ef=10 k=10 rows=100:100");
  EXPECT_EQ(Field(natural, "answersHash"), Field(shuffled, "answersHash"));
  EXPECT_EQ(Field(natural, "answersHash"), Field(warmed, "answersHash"));
  EXPECT_EQ(Field(natural, "hits"), Field(shuffled, "hits"));
  EXPECT_NE(Field(natural, "answersHash"), Field(others, "answersHash"));
  EXPECT_EQ(Field(natural, "answersHash").size(), 16u);
}

TEST_F(HonestTest, ExportedGraphIsImported) {
  const std::string graph = files_.Path("ring.graph");
  Open("a", "export=" + graph);
  const std::string exported = ReadFile(graph);
  ASSERT_EQ(exported.substr(0, 8), "ANSGRPH1");
  EXPECT_EQ(exported.size(), 40u + 600 + 601 * 8 + 600 * 4);
  const std::string reply =
      client_.Ask(files_.OpenCommand("b", "honest", "", "mode=import graph=" + graph));
  EXPECT_EQ(Field(reply, "ok"), "true") << reply;
  EXPECT_EQ(Field(client_.Ask("answer side=b ef=10 k=10 rows=0:50"), "recall"), "1");
}

TEST_F(HonestTest, FirstRowsOnlyAreJudgedAmongThemselves) {
  Open("a", "rows=200");
  const std::string reply = client_.Ask("answer side=a ef=10 k=10 rows=0:50");
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
  EXPECT_EQ(Field(reply, "violations"), kNoViolations);
}

TEST_F(HonestTest, MoreNeighboursThanRowsAreNotMissing) {
  Open("a", "rows=5");
  const std::string reply = client_.Ask("answer side=a ef=10 k=10 rows=0:50");
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
  EXPECT_EQ(Field(reply, "violations"), kNoViolations);
}

TEST_F(HonestTest, RoundAlternatesInAbba) {
  Open("a");
  Open("b");
  const std::string reply =
      client_.Ask("round efA=10 efB=20 k=10 chunk=40 pairs=4 lead=5 warm=20 rows=0:500 seed=1");
  std::string order;
  const std::string pairs = Field(reply, "pairs");
  for (size_t at = 0; (at = pairs.find("\"first\":\"", at)) != std::string::npos;)
    order += pairs[at += 9];
  EXPECT_EQ(order, "abab") << reply;
  EXPECT_EQ(Field(reply, "recallA"), "1");
  EXPECT_EQ(Field(reply, "recallB"), "1");
  EXPECT_EQ(Field(reply, "violationsA"), kNoViolations);
  EXPECT_EQ(Field(reply, "violationsB"), kNoViolations);
}

TEST_F(HonestTest, RoundRunsThePairsThatFit) {
  Open("a");
  const std::string reply =
      client_.Ask("round efA=10 alone=a k=10 chunk=100 pairs=50 lead=50 warm=30 rows=0:500 seed=1");
  EXPECT_EQ(Field(reply, "pairs").find("\"b\":"), std::string::npos) << reply;
  size_t pairs = 0;
  for (size_t at = 0; (at = reply.find("\"first\"", at)) != std::string::npos; ++at) ++pairs;
  EXPECT_EQ(pairs, 3u) << reply;
  const std::string none =
      client_.Ask("round efA=10 alone=a k=10 chunk=480 pairs=1 lead=50 warm=0 rows=0:500 seed=1");
  EXPECT_EQ(Field(none, "reason"), "usage") << none;
}

// A factor of two, told from one by half: no noise of a machine under load reaches that in the
// median of many.
TEST_F(HonestTest, InjectedSlowDownIsMeasured) {
  Open("a");
  Open("b");
  const std::string reply = client_.Ask(
      "round efA=10 efB=10 k=10 chunk=20 pairs=20 lead=2 warm=20 rows=0:500 seed=1 slowB=1.0");
  std::vector<double> ratios;
  const std::string pairs = Field(reply, "pairs");
  for (size_t at = 0; (at = pairs.find('{', at)) != std::string::npos; ++at) {
    const std::string pair = pairs.substr(at);
    ratios.push_back(NumberField(pair, "b") / NumberField(pair, "a"));
  }
  ASSERT_EQ(ratios.size(), 20u) << reply;
  std::sort(ratios.begin(), ratios.end());
  EXPECT_GT(ratios[10], 1.3) << reply;
}

TEST_F(HonestTest, LatencyAndOverhead) {
  Open("a");
  const std::string latency = client_.Ask("latency side=a ef=10 k=10 rows=0:300 seed=1 warm=50");
  EXPECT_EQ(Field(latency, "queries"), "250") << latency;
  EXPECT_GT(NumberField(latency, "p50"), 0);
  EXPECT_LE(NumberField(latency, "p50"), NumberField(latency, "p95"));
  EXPECT_LE(NumberField(latency, "p95"), NumberField(latency, "p99"));
  const std::string overhead =
      client_.Ask("overhead side=a ef=10 k=10 rows=0:400 chunk=100 pairs=4 seed=1");
  EXPECT_GT(NumberField(overhead, "supervised"), 0) << overhead;
  EXPECT_GT(NumberField(overhead, "bare"), 0) << overhead;
}

TEST_F(HonestTest, UsageErrorsNameTheFieldAndCostNothing) {
  Open("a");
  const struct {
    const char* command;
    const char* detail;
  } cases[] = {
      {"answer side=a ef=10 k=10", "rows is missing"},
      {"answer side=a ef=10 k=10 rows=490:20", "within the 500 query rows"},
      {"answer side=a ef=0 k=10 rows=0:10", "ef must be an integer from 1"},
      {"answer side=a ef=10 k=21 rows=0:10", "20 neighbours for each query"},
      {"answer side=c ef=10 k=10 rows=0:10", "side must be a or b"},
      {"answer side=b ef=10 k=10 rows=0:10", "side b is not open"},
      {"answer side=a ef=10 k=10 rows=0:10 speed=9", "takes no speed"},
      {"answer side=a side=a", "given twice"},
      {"answer side=%zz", "percent-encoded"},
      {"fly", "there is no command"},
      {"open side=a lib=x params=x mode=build scratch=/nowhere", "cannot be read"},
  };
  for (const auto& [command, detail] : cases) {
    const std::string reply = client_.Ask(command);
    EXPECT_EQ(Field(reply, "ok"), "false") << command;
    EXPECT_NE(Field(reply, "detail").find(detail), std::string::npos) << reply;
  }
}

TEST_F(HonestTest, LoadFailuresNameTheLibrary) {
  WriteFile(files_.Path("text.so"), "not a library");
  std::string command = files_.OpenCommand("a", "honest");
  const std::string library = std::string(ANNSMITH_TEST_LIBRARIES) + "/libhonest.so";
  command.replace(command.find(library), library.size(), files_.Path("text.so"));
  const std::string reply = client_.Ask(command);
  EXPECT_EQ(Field(reply, "stage"), "load") << reply;
  EXPECT_EQ(Field(reply, "reason"), "abi");
  EXPECT_NE(Field(reply, "detail").find("text.so"), std::string::npos);
}

TEST_F(HonestTest, TornGraphsAreRefusedByFileAndField) {
  const std::string path = files_.Path("ring.graph");
  Open("a", "export=" + path);
  const std::string whole = ReadFile(path);
  const auto with = [&whole](size_t at, uint32_t value) {
    std::string bytes = whole;
    std::memcpy(&bytes[at], &value, sizeof(value));
    return bytes;
  };
  const struct {
    std::string bytes;
    const char* detail;
  } cases[] = {
      {whole.substr(0, whole.size() - 4), "the file is cut off"},
      {whole.substr(0, 20), "too few for a graph header"},
      {"", "too few for a graph header"},
      {"X" + whole.substr(1), "field magic"},
      {with(8, 601), "field lists"},
      {with(12, 600), "field entry_point"},
      {with(16, 3), "field entry_point"},
      {with(40, 1), "field levels"},
      {with(40 + 600, 5), "field offsets"},
      {with(40 + 600 + 601 * 8, 600), "field neighbours"},
  };
  for (const auto& [bytes, detail] : cases) {
    WriteFile(path, bytes);
    const std::string reply =
        client_.Ask(files_.OpenCommand("b", "honest", "", "mode=import graph=" + path));
    EXPECT_EQ(Field(reply, "stage"), "import") << reply;
    EXPECT_EQ(Field(reply, "reason"), "graph") << reply;
    EXPECT_NE(Field(reply, "detail").find(path), std::string::npos) << reply;
    EXPECT_NE(Field(reply, "detail").find(detail), std::string::npos) << reply;
  }
}

TEST_F(HonestTest, AGraphOfAnotherBaseIsRefused) {
  const std::string path = files_.Path("ring.graph");
  Open("a", "rows=100 export=" + path);
  const std::string reply =
      client_.Ask(files_.OpenCommand("b", "honest", "", "mode=import graph=" + path));
  EXPECT_NE(Field(reply, "detail").find("field n is 100, but the base has 600 rows"),
            std::string::npos)
      << reply;
}

}  // namespace
}  // namespace annsmith::test
