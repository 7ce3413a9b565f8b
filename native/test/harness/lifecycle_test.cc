// The life of the program itself: its end, the lock, what it leaves behind.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <string>

#include "test/harness/harness_client.h"
#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

class LifecycleTest : public testing::Test {
 protected:
  void OpenBoth(HarnessClient* client) {
    client->Ask(files_.DataCommand());
    ASSERT_EQ(Field(client->Ask(files_.OpenCommand("a", "honest")), "ok"), "true");
    ASSERT_EQ(Field(client->Ask(files_.OpenCommand("b", "greed", "endless search")), "ok"), "true");
    ASSERT_EQ(ProcessesWith(files_.name()).size(), 2u);
  }

  const TestFiles files_;
};

TEST_F(LifecycleTest, EndOfInputEndsEverything) {
  HarnessClient client;
  OpenBoth(&client);
  client.CloseInput();
  EXPECT_EQ(client.Wait(), 0);
  EXPECT_TRUE(ProcessesWith(files_.name()).empty());
}

TEST_F(LifecycleTest, TerminationWhileIdleLeavesNoProcess) {
  HarnessClient client;
  OpenBoth(&client);
  client.Signal(SIGTERM);
  const int status = client.Wait();
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_TRUE(ProcessesWith(files_.name()).empty());
}

TEST_F(LifecycleTest, TerminationDuringASearchLeavesNoProcess) {
  HarnessClient client;
  OpenBoth(&client);
  client.Send("answer side=b ef=10 k=10 rows=0:10");
  while (ProcessesWith(files_.name()).size() < 3) {
  }
  client.Signal(SIGTERM);
  const int status = client.Wait();
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_TRUE(ProcessesWith(files_.name()).empty());
}

TEST_F(LifecycleTest, BeingKilledLeavesNoProcess) {
  HarnessClient client;
  OpenBoth(&client);
  client.Send("answer side=b ef=10 k=10 rows=0:10");
  while (ProcessesWith(files_.name()).size() < 3) {
  }
  client.Signal(SIGKILL);
  client.Wait();
  EXPECT_TRUE(AllGone(files_.name()));
}

TEST_F(LifecycleTest, AClosedSideLeavesNoProcess) {
  HarnessClient client;
  OpenBoth(&client);
  EXPECT_EQ(Field(client.Ask("close side=b"), "ok"), "true");
  EXPECT_EQ(ProcessesWith(files_.name()).size(), 1u);
  EXPECT_EQ(Field(client.Ask("close side=b"), "ok"), "true");
  EXPECT_EQ(Field(client.Ask(files_.OpenCommand("b", "honest")), "ok"), "true");
}

TEST_F(LifecycleTest, AHostThatWasKilledFromOutsideIsNoticed) {
  HarnessClient client;
  OpenBoth(&client);
  for (const std::string& line : ProcessesWith(files_.name())) {
    if (line.find("libgreed") != std::string::npos) kill(std::stoi(line), SIGKILL);
  }
  const std::string reply = client.Ask("answer side=b ef=10 k=10 rows=0:10");
  EXPECT_EQ(Field(reply, "reason"), "crash") << reply;
  EXPECT_NE(Field(reply, "detail").find("SIGKILL"), std::string::npos) << reply;
  EXPECT_EQ(Field(client.Ask("answer side=a ef=10 k=10 rows=0:10"), "recall"), "1");
}

TEST_F(LifecycleTest, TheSecondWaitsForTheLockUntilTheFirstIsKilled) {
  const std::string lock = "lock path=" + files_.Path("timing.lock");
  HarnessClient first;
  EXPECT_EQ(Field(first.Ask(lock), "waited"), "false");
  HarnessClient second;
  second.Send(lock);
  EXPECT_EQ(Field(second.ReadLine(), "notice"), "waiting-for-lock");
  first.Signal(SIGKILL);
  first.Wait();
  const std::string reply = second.ReadLine();
  EXPECT_EQ(Field(reply, "ok"), "true") << reply;
  EXPECT_EQ(Field(reply, "waited"), "true") << reply;
}

// Hosts and search processes must not keep a dead supervisor's lock.
TEST_F(LifecycleTest, TheLockIsFreeWhenItsHolderEndsWithSidesOpen) {
  const std::string lock = "lock path=" + files_.Path("timing.lock");
  HarnessClient first;
  first.Ask(lock);
  OpenBoth(&first);
  HarnessClient second;
  EXPECT_EQ(Field(second.Ask(lock + " timeoutMs=300"), "reason"), "timeout");
  EXPECT_EQ(Field(first.Ask("unlock"), "ok"), "true");
  EXPECT_EQ(Field(second.Ask(lock), "ok"), "true");
}

TEST_F(LifecycleTest, WaitingForTheLockEndsOnTermination) {
  const std::string lock = "lock path=" + files_.Path("timing.lock");
  HarnessClient first;
  first.Ask(lock);
  HarnessClient second;
  second.Send(lock);
  second.ReadLine();
  second.Signal(SIGTERM);
  const int status = second.Wait();
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

}  // namespace
}  // namespace annsmith::test
