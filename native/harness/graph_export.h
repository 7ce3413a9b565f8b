#ifndef ANNSMITH_HARNESS_GRAPH_EXPORT_H_
#define ANNSMITH_HARNESS_GRAPH_EXPORT_H_

#include <string>

#include "harness/failure.h"
#include "harness/host_process.h"

namespace annsmith::harness {

struct ExportedGraph {
  uint64_t lists = 0;
  uint64_t edges = 0;
};

// Has a process of the side write its graph to memory, takes that memory out of its reach, checks
// every byte and only then makes the file, which appears whole or not at all. REQUIRES: the host
// was started with `exports`.
Outcome<ExportedGraph> ExportGraph(HostProcess* host, const std::string& path, Deadline deadline);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_GRAPH_EXPORT_H_
