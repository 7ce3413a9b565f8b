#ifndef ANNSMITH_HARNESS_HOST_H_
#define ANNSMITH_HARNESS_HOST_H_

#include <string>

namespace annsmith::harness {

// The process that holds one index: `annsmith-harness host KEY=VALUE...`, started by the supervisor
// only. It locks itself down, loads the candidate, builds or imports, prepares, and forks a search
// process whenever it is told to; it never answers a query itself. `line` is the command line
// joined by spaces. Returns the exit code.
int RunHost(const std::string& line);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_HOST_H_
