#ifndef ANNSMITH_HARNESS_GRAPH_FILE_H_
#define ANNSMITH_HARNESS_GRAPH_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "include/annsmith/abi.h"

namespace annsmith::harness {

// The canonical graph on disk, little endian: magic "ANSGRPH1", u32 n, u32 entry_point, u32
// max_level, u32 zero, u64 lists, u64 edges, levels u8[n] padded to a multiple of 8, offsets
// u64[lists + 1], neighbours u32[edges].

struct GraphView {
  annsmith_graph graph;
  uint64_t lists = 0;
  uint64_t edges = 0;
};

// Checks every byte that an index could follow: sizes, levels, offsets, neighbours. On success
// fills `view`, whose pointers lie in `data` (8-byte aligned); otherwise returns a sentence that
// names the field, to be put behind the file's name.
std::optional<std::string> ReadGraph(const uint8_t* data, size_t size, GraphView* view);

// Collects what annsmith_export_graph() delivers and writes it as a graph file. A sink that is
// called out of order refuses with ANNSMITH_INTERNAL and remembers why.
class GraphCollector {
 public:
  annsmith_graph_sink Sink();
  // Writes to the start of an open file. Returns what is wrong with the graph or the file, if
  // anything.
  std::optional<std::string> Write(int file) const;

 private:
  static int OnHeader(void* context, uint32_t n, uint32_t entry_point, uint32_t max_level);
  static int OnList(void* context, uint32_t node, uint32_t level, const uint32_t* neighbours,
                    uint32_t count);
  int Refuse(const std::string& why);

  bool started_ = false;
  uint32_t n_ = 0;
  uint32_t entry_point_ = 0;
  uint32_t max_level_ = 0;
  std::vector<uint8_t> levels_;
  std::vector<uint64_t> offsets_ = {0};
  std::vector<uint32_t> neighbours_;
  std::string wrong_;
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_GRAPH_FILE_H_
