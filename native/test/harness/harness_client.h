#ifndef ANNSMITH_TEST_HARNESS_HARNESS_CLIENT_H_
#define ANNSMITH_TEST_HARNESS_HARNESS_CLIENT_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace annsmith::test {

// Runs the real `annsmith-harness serve` and talks its line protocol. Destruction kills it.
class HarnessClient {
 public:
  HarnessClient();
  ~HarnessClient();
  HarnessClient(const HarnessClient&) = delete;
  HarnessClient& operator=(const HarnessClient&) = delete;

  // Sends a command and returns its final reply; notices on the way are kept. Empty when the
  // harness ended.
  std::string Ask(const std::string& command);
  void Send(const std::string& command);
  // The next line; empty when the harness ended or `timeout_ms` passed.
  std::string ReadLine(int timeout_ms = 60'000);
  const std::vector<std::string>& notices() const { return notices_; }

  void Signal(int signal) const;
  void CloseInput();
  // Waits for the end; the wait status.
  int Wait();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffer_;
  std::vector<std::string> notices_;
};

// The raw JSON value of a field, wherever it stands in the object; empty where it is not.
std::string Field(const std::string& json, const std::string& key);
double NumberField(const std::string& json, const std::string& key);

// Command lines of living processes that contain `text`.
std::vector<std::string> ProcessesWith(const std::string& text);
// Waits until there is none, as a process that was killed takes a moment to go. False after ten
// seconds.
bool AllGone(const std::string& text);

}  // namespace annsmith::test

#endif  // ANNSMITH_TEST_HARNESS_HARNESS_CLIENT_H_
