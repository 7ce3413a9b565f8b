#include "harness/death_report.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <cstdio>

#include "harness/denied_calls.h"

namespace annsmith::harness {
namespace {

std::string SignalName(int signal) {
  const char* text = strsignal(signal);
  static const struct {
    int signal;
    const char* name;
  } kNames[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
                {SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"},
                {SIGSYS, "SIGSYS"},   {SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"},
                {SIGXFSZ, "SIGXFSZ"}, {SIGTRAP, "SIGTRAP"}, {SIGPIPE, "SIGPIPE"}};
  for (const auto& entry : kNames) {
    if (entry.signal == signal) return std::string(entry.name) + " (" + (text ? text : "?") + ")";
  }
  return "signal " + std::to_string(signal) + " (" + (text ? text : "?") + ")";
}

std::string LineAt(const std::string& text, size_t at) {
  return text.substr(at, text.find('\n', at) - at);
}

// The first report of a sanitizer, its kind first and its top frames after it; empty where there is
// none.
std::string SanitizerReport(const std::string& text) {
  constexpr size_t kMostBytes = 1500;
  const size_t undefined = text.find("runtime error: ");
  for (const char* name : {"AddressSanitizer: ", "ThreadSanitizer: "}) {
    const size_t at = text.find(name);
    if (at < undefined) return text.substr(at, kMostBytes);
  }
  if (undefined == std::string::npos) return "";
  const size_t newline = text.rfind('\n', undefined);
  const size_t line = newline == std::string::npos ? 0 : newline + 1;
  const std::string kind = LineAt(text, undefined);
  const std::string frames = text.substr(undefined + kind.size(), kMostBytes);
  return kind + " at " + text.substr(line, undefined - line) + frames;
}

std::string WithErrorText(const std::string& sentence, const std::string& error_text) {
  if (error_text.empty()) return sentence;
  size_t end = error_text.find_last_not_of(" \n\r\t");
  end = end == std::string::npos ? 0 : end + 1;
  return end == 0 ? sentence : sentence + "; its standard error ends: " + error_text.substr(0, end);
}

Failure Because(const char* reason, const std::string& detail) { return {"", reason, detail, ""}; }

Failure ExplainSignal(int signal, const Death& death) {
  std::string what = SignalName(signal);
  if (death.fault_signal == signal && !death.fault_place.empty()) {
    if (signal != SIGABRT) {
      char address[32];
      std::snprintf(address, sizeof(address), " at address 0x%llx",
                    static_cast<unsigned long long>(death.fault_address));
      what += address;
    }
    what += " in " + death.fault_place;
  }
  if (signal == SIGXCPU) return Because("timeout", what + ": it used all the CPU time that it may");
  if (signal == SIGXFSZ) return Because("io", what + ": it wrote a larger file than it may");
  if (signal == SIGKILL) {
    what += ": killed from outside, most often by the system for want of memory";
    return Because("crash", WithErrorText(what, death.error_text));
  }
  const bool no_memory =
      signal == SIGABRT && death.error_text.find("std::bad_alloc") != std::string::npos;
  return Because(no_memory ? "memory" : "crash", WithErrorText(what, death.error_text));
}

Failure ExplainDeniedCall(const Death& death) {
  std::string what = "it called " + NameOfCall(death.fault_call);
  if (!death.fault_path.empty()) what += " of \"" + death.fault_path + "\"";
  what += " (" + death.fault_place + "), which ";
  const std::string reason = ReasonOfCall(death.fault_call);
  if (death.in_search) return Because(reason.c_str(), what + "a search may not do");
  return Because(reason == "threads" ? "processes" : reason.c_str(), what + "an index may not do");
}

}  // namespace

void TakeFaultNotes(Reply* reply, Death* death) {
  death->fault_signal = static_cast<int>(reply->fault_signal);
  death->fault_clock = reply->fault_clock != 0;
  death->fault_call = static_cast<long>(reply->fault_call);
  death->fault_address = reply->fault_address;
  char place[sizeof(reply->fault_place) + 1] = {};
  memcpy(place, reply->fault_place, sizeof(reply->fault_place));
  death->fault_place = place;
  char path[sizeof(reply->fault_path) + 1] = {};
  memcpy(path, reply->fault_path, sizeof(reply->fault_path));
  death->fault_path = path;
  reply->fault_signal = 0;
  reply->fault_clock = 0;
  reply->fault_place[0] = '\0';
  reply->fault_path[0] = '\0';
}

Failure ExplainDeath(const Death& death) {
  if (death.sanitized) {
    const std::string report = SanitizerReport(death.error_text);
    if (!report.empty()) return Because("crash", report);
  }
  if (WIFSIGNALED(death.status)) {
    const int signal = WTERMSIG(death.status);
    if (signal == SIGSEGV && death.fault_signal == SIGSEGV && death.fault_clock) {
      return Because("clock", "it read the time during a search (" + death.fault_place +
                                  "); a search may not look at the clock");
    }
    // No note: the handler could not run. The C library blocks all signals while it starts a thread
    // or a process, and only then.
    if (signal == SIGSYS && death.fault_signal == 0) {
      return Because(death.in_search ? "threads" : "processes",
                     death.in_search ? "it tried to start a thread or a process during a search"
                                     : "it tried to start a process");
    }
    return ExplainSignal(signal, death);
  }
  const int code = WEXITSTATUS(death.status);
  if (code == 128 + SIGSYS && death.fault_signal == SIGSYS) {
    return ExplainDeniedCall(death);
  }
  if (code == 128 + SIGSYS && death.fault_signal != 0)
    return ExplainSignal(death.fault_signal, death);
  return Because("exited",
                 WithErrorText("the process ended by itself with code " + std::to_string(code),
                               death.error_text));
}

}  // namespace annsmith::harness
