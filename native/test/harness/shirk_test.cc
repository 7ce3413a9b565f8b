// Work that is done elsewhere than where it is measured, through the real program.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

class ShirkTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(Field(client_.Ask(files_.DataCommand()), "ok"), "true");
    ASSERT_EQ(Field(client_.Ask(files_.OpenCommand("a", "honest")), "ok"), "true");
  }

  std::string Open(const std::string& library, const std::string& deed = "") {
    const std::string reply = client_.Ask(files_.OpenCommand("b", library, deed));
    EXPECT_EQ(Field(reply, "ok"), "true") << reply;
    return reply;
  }

  std::string AnswerAll() { return client_.Ask("answer side=b ef=10 k=10 rows=0:300"); }

  const TestFiles files_;
  HarnessClient client_;
};

TEST_F(ShirkTest, AnHonestIndexPassesItsAudit) {
  Open("shirks", "nothing");
  for (int time = 0; time < 5; ++time) {
    const std::string reply = AnswerAll();
    EXPECT_EQ(Field(reply, "recall"), "1") << reply;
    EXPECT_GT(NumberField(reply, "singleSeconds"), 0);
  }
}

struct Found {
  const char* deed;
  const char* reason;
  const char* detail;
};

void PrintTo(const Found& value, std::ostream* out) { *out << value.deed; }

class Audited : public ShirkTest, public testing::WithParamInterface<Found> {};

TEST_P(Audited, IsFoundOut) {
  Open("shirks", GetParam().deed);
  const std::string reply = AnswerAll();
  EXPECT_EQ(Field(reply, "ok"), "false") << reply;
  EXPECT_EQ(Field(reply, "stage"), "search") << reply;
  EXPECT_EQ(Field(reply, "reason"), GetParam().reason) << reply;
  EXPECT_NE(Field(reply, "detail").find(GetParam().detail), std::string::npos) << reply;
}

INSTANTIATE_TEST_SUITE_P(
    All, Audited,
    testing::Values(Found{"work at the first search", "lazy", "the first searches"},
                    Found{"work at the first fifty", "lazy", "the first searches"},
                    Found{"memory at the first search", "memory", "beside the index"},
                    Found{"keep results", "memorised", "with a little noise"}),
    [](const testing::TestParamInfo<Found>& info) {
      std::string name = info.param.deed;
      for (char& byte : name) byte = byte == ' ' ? '_' : byte;
      return name;
    });

// What is written to the place of an answer later is there for another query.
TEST_F(ShirkTest, AnswersThatComeLateAreFalse) {
  Open("shirks", "answer late");
  const std::string violations =
      Field(client_.Ask("answer side=b ef=10 k=10 rows=0:50"), "violations");
  EXPECT_EQ(NumberField(violations, "missing"), 10) << violations;
  EXPECT_GT(NumberField(violations, "falseDistance"), 450) << violations;
}

TEST_F(ShirkTest, OtherAnswersWhileTimedAreNoticed) {
  Open("shirks", "answer worse after a while");
  const std::string round =
      "round efA=10 efB=10 k=10 chunk=100 pairs=4 lead=10 warm=20 rows=0:500 seed=1";
  const std::string reply = client_.Ask(round);
  const double changed = NumberField(Field(reply, "violationsB"), "changed");
  EXPECT_GT(changed, 0) << reply;
  EXPECT_EQ(NumberField(Field(reply, "violationsA"), "changed"), 0) << reply;
}

TEST_F(ShirkTest, TimedAnswersAreComparedWithThoseThatRecallWasMeasuredWith) {
  Open("shirks", "answer worse after a while");
  ASSERT_EQ(Field(AnswerAll(), "recall"), "1");
  const std::string round =
      "round efA=10 efB=10 k=10 chunk=100 pairs=4 lead=10 warm=20 rows=0:500 seed=1";
  client_.Ask("close side=b");
  // In a fresh process of the same library.
  Open("shirks", "answer worse after a while");
  EXPECT_GT(NumberField(Field(client_.Ask(round), "violationsB"), "changed"), 0);
}

TEST_F(ShirkTest, HonestAnswersAreTheSameWhileTimed) {
  Open("honest");
  for (const char* seed : {"1", "2", "3"}) {
    const std::string reply =
        client_.Ask("round efA=10 efB=20 k=10 chunk=100 pairs=4 lead=10 warm=20 rows=0:500 seed=" +
                    std::string(seed));
    EXPECT_EQ(NumberField(Field(reply, "violationsB"), "changed"), 0) << reply;
    EXPECT_EQ(Field(reply, "recallB"), "1") << reply;
  }
}

TEST_F(ShirkTest, WhatIsNotTheBuildIsPreparation) {
  EXPECT_LT(NumberField(Open("honest"), "prepareCpuSeconds"), 0.15);
  client_.Ask("close side=b");
  EXPECT_GE(NumberField(Open("shirks", "work in prepare"), "prepareCpuSeconds"), 0.3);
  client_.Ask("close side=b");
  EXPECT_GE(NumberField(Open("shirks", "work when asked for its memory"), "prepareCpuSeconds"),
            0.3);
  client_.Ask("close side=b");
  const std::string reply = Open("works_at_load");
  EXPECT_GE(NumberField(reply, "prepareCpuSeconds"), 0.3) << reply;
  EXPECT_GE(NumberField(reply, "loadCpuSeconds"), 0.3) << reply;
}

TEST_F(ShirkTest, MemoryBehindAFileIsMemory) {
  const double honest = NumberField(Open("honest"), "anonymousBytes");
  client_.Ask("close side=b");
  const std::string reply = Open("shirks", "keep a table in a file");
  EXPECT_GT(NumberField(reply, "anonymousBytes"), honest + (63 << 20)) << reply;
  EXPECT_GT(NumberField(client_.Ask("memory side=b"), "anonymousBytes"), honest + (63 << 20));
}

TEST_F(ShirkTest, TimedQueriesCannotBeAnsweredAhead) {
  Open("insiders", "work ahead");
  const std::string reply =
      client_.Ask("round efA=10 efB=10 k=10 chunk=40 pairs=6 lead=10 warm=20 rows=0:400 seed=1");
  ASSERT_EQ(Field(reply, "ok"), "true") << reply;
  EXPECT_EQ(NumberField(Field(reply, "violationsB"), "status"), 0) << reply;
  EXPECT_EQ(NumberField(Field(reply, "violationsB"), "missing"), 0) << reply;
  EXPECT_EQ(Field(reply, "recallB"), "1") << reply;
}

TEST_F(ShirkTest, WhoSaysTooEarlyThatItIsDoneHasNotAnswered) {
  Open("insiders", "say done early");
  const std::string reply =
      client_.Ask("round efA=10 efB=10 k=10 chunk=100 pairs=4 lead=10 warm=20 rows=0:500 seed=1");
  // Which part of the answers is read before it is there depends on how busy the machine is.
  const std::string violations = Field(reply, "violationsB");
  EXPECT_GT(NumberField(violations, "notFinite") + NumberField(violations, "status"), 0) << reply;
  // What an answer holds before it is given.
  EXPECT_EQ(NumberField(Field(reply, "firstViolationB"), "given"), INT32_MIN) << reply;
}

TEST_F(ShirkTest, SleepIsSeen) {
  EXPECT_LT(NumberField(Open("honest"), "asleepSeconds"), 0.5);
  client_.Ask("close side=b");
  EXPECT_GE(NumberField(Open("shirks", "sleep in prepare"), "asleepSeconds"), 0.95);
}

}  // namespace
}  // namespace annsmith::test
