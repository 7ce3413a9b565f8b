#ifndef ANNSMITH_HARNESS_DENIED_CALLS_H_
#define ANNSMITH_HARNESS_DENIED_CALLS_H_

#include <string>
#include <vector>

namespace annsmith::harness {

// Calls that tell or spend time.
const std::vector<long>& ClockCalls();
// Beginnings of processes, other programs, sockets, signals to others: nothing that builds an index
// has any business with them.
const std::vector<long>& CallsToOthers();

// "threads", "clock" or "syscall": the reason that a denied call stands for.
const char* ReasonOfCall(long call);
// "openat", or "system call 123" where the name is not known.
std::string NameOfCall(long call);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_DENIED_CALLS_H_
