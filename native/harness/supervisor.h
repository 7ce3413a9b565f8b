#ifndef ANNSMITH_HARNESS_SUPERVISOR_H_
#define ANNSMITH_HARNESS_SUPERVISOR_H_

namespace annsmith::harness {

// `annsmith-harness serve`: reads one command per line from standard input, writes one JSON object
// per line to standard output, until `quit`, the end of input or a signal. Loads no candidate code;
// leaves no process behind. Returns the exit code.
int RunSupervisor();

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SUPERVISOR_H_
