#include "test/harness/harness_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace annsmith::test {

HarnessClient::HarnessClient() {
  int to[2];
  int from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    execl(ANNSMITH_TEST_HARNESS, "annsmith-harness", "serve", nullptr);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  input_ = to[1];
  output_ = from[0];
  signal(SIGPIPE, SIG_IGN);
}

HarnessClient::~HarnessClient() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    Wait();
  }
  CloseInput();
  close(output_);
}

void HarnessClient::Send(const std::string& command) {
  const std::string line = command + "\n";
  const ssize_t written = write(input_, line.data(), line.size());
  (void)written;
}

std::string HarnessClient::ReadLine(int timeout_ms) {
  for (;;) {
    const size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd output = {output_, POLLIN, 0};
    if (poll(&output, 1, timeout_ms) <= 0) return "";
    char bytes[4096];
    const ssize_t got = read(output_, bytes, sizeof(bytes));
    if (got <= 0) return "";
    buffer_.append(bytes, static_cast<size_t>(got));
  }
}

std::string HarnessClient::Ask(const std::string& command) {
  Send(command);
  for (;;) {
    const std::string line = ReadLine();
    if (line.empty() || Field(line, "notice").empty()) return line;
    notices_.push_back(line);
  }
}

void HarnessClient::Signal(int signal) const { kill(pid_, signal); }

void HarnessClient::CloseInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

int HarnessClient::Wait() {
  int status = 0;
  if (pid_ > 0) waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::string Field(const std::string& json, const std::string& key) {
  const std::string name = "\"" + key + "\":";
  size_t at = json.find(name);
  if (at == std::string::npos) return "";
  at += name.size();
  size_t end = at;
  bool quoted = false;
  for (int depth = 0; end < json.size(); ++end) {
    const char byte = json[end];
    if (quoted) {
      if (byte == '\\') ++end;
      if (byte == '"') quoted = false;
      continue;
    }
    if (byte == '"') quoted = true;
    if (byte == '{' || byte == '[') ++depth;
    if ((byte == '}' || byte == ']' || byte == ',') && depth == 0) break;
    if (byte == '}' || byte == ']') --depth;
  }
  const std::string value = json.substr(at, end - at);
  return value.size() >= 2 && value[0] == '"' ? value.substr(1, value.size() - 2) : value;
}

double NumberField(const std::string& json, const std::string& key) {
  return std::strtod(Field(json, key).c_str(), nullptr);
}

std::vector<std::string> ProcessesWith(const std::string& text) {
  std::vector<std::string> found;
  DIR* folder = opendir("/proc");
  while (const dirent* entry = readdir(folder)) {
    if (std::atoi(entry->d_name) == 0) continue;
    std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    if (line.find(text) != std::string::npos)
      found.push_back(std::string(entry->d_name) + " " + line);
  }
  closedir(folder);
  return found;
}

bool AllGone(const std::string& text) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (ProcessesWith(text).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace annsmith::test
