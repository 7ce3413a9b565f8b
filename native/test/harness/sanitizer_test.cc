// Candidates built with a sanitizer, in hosts built alike: what it finds is the failure's text.

#include <gtest/gtest.h>

#include <string>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

class SanitizerTest : public testing::Test {
 protected:
  void SetUp() override { client_.Ask(files_.DataCommand()); }

  std::string Open(const std::string& library, const std::string& deed, const std::string& more) {
    return client_.Ask(files_.OpenCommand("a", library, deed, more));
  }

  const TestFiles files_;
  HarnessClient client_;
};

#if defined(ANNSMITH_TEST_ASAN)
TEST_F(SanitizerTest, AnHonestIndexIsClean) {
  const std::string opened = Open("crashes_asan", "none", "sanitized=1 memoryBytes=1000000000");
  ASSERT_EQ(Field(opened, "ok"), "true") << opened;
  const std::string reply = client_.Ask("answer side=a ef=10 k=10 rows=0:100");
  EXPECT_EQ(Field(reply, "recall"), "1") << reply;
}

TEST_F(SanitizerTest, HeapOverflowInBuild) {
  const std::string reply = Open("crashes_asan", "overflow in build", "sanitized=1");
  EXPECT_EQ(Field(reply, "stage"), "build") << reply;
  EXPECT_EQ(Field(reply, "reason"), "crash") << reply;
  EXPECT_EQ(Field(reply, "detail").find("AddressSanitizer: heap-buffer-overflow"), 0u) << reply;
  EXPECT_NE(Field(reply, "detail").find("crashes.cc"), std::string::npos) << reply;
}

TEST_F(SanitizerTest, HeapOverflowInSearch) {
  ASSERT_EQ(Field(Open("crashes_asan", "overflow in search", "sanitized=1"), "ok"), "true");
  const std::string reply = client_.Ask("answer side=a ef=10 k=10 rows=0:100");
  EXPECT_EQ(Field(reply, "stage"), "search") << reply;
  EXPECT_EQ(Field(reply, "detail").find("AddressSanitizer: heap-buffer-overflow"), 0u) << reply;
}

TEST_F(SanitizerTest, UndefinedBehaviourInSearch) {
  ASSERT_EQ(Field(Open("crashes_asan", "undefined behaviour in search", "sanitized=1"), "ok"),
            "true");
  const std::string reply = client_.Ask("answer side=a ef=10 k=10 rows=0:100");
  EXPECT_EQ(Field(reply, "reason"), "crash") << reply;
  EXPECT_EQ(Field(reply, "detail").find("runtime error: signed integer overflow"), 0u) << reply;
}
#endif

#if defined(ANNSMITH_TEST_TSAN)
TEST_F(SanitizerTest, ThreadsThatShareNothingAreClean) {
  const std::string reply = Open("greed_tsan", "threads as asked", "sanitized=2 threads=2");
  EXPECT_EQ(Field(reply, "ok"), "true") << reply;
}

TEST_F(SanitizerTest, DataRaceInBuild) {
  const std::string reply = Open("crashes_tsan", "race in build", "sanitized=2 threads=2");
  EXPECT_EQ(Field(reply, "stage"), "build") << reply;
  EXPECT_EQ(Field(reply, "reason"), "crash") << reply;
  EXPECT_EQ(Field(reply, "detail").find("ThreadSanitizer: data race"), 0u) << reply;
}
#endif

}  // namespace
}  // namespace annsmith::test
