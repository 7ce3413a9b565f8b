#include "harness/graph_file.h"

#include <cerrno>
#include <cstring>

#include "core/write_all.h"

namespace annsmith::harness {
namespace {

constexpr char kMagic[8] = {'A', 'N', 'S', 'G', 'R', 'P', 'H', '1'};

struct Header {
  char magic[8];
  uint32_t n;
  uint32_t entry_point;
  uint32_t max_level;
  uint32_t zero;
  uint64_t lists;
  uint64_t edges;
};
static_assert(sizeof(Header) == 40, "the file's header");

uint64_t PaddedLevels(uint64_t n) { return (n + 7) / 8 * 8; }

std::string Number(uint64_t value) { return std::to_string(value); }

// The neighbours of one list: existing nodes that are present on that level.
std::optional<std::string> CheckList(const annsmith_graph& graph, uint64_t list, uint32_t node,
                                     uint32_t level) {
  for (uint64_t i = graph.offsets[list]; i < graph.offsets[list + 1]; ++i) {
    const uint32_t neighbour = graph.neighbours[i];
    const std::string where = "field neighbours: node " + Number(node) + ", level " + Number(level);
    if (neighbour >= graph.n)
      return where + " names node " + Number(neighbour) + " of " + Number(graph.n);
    if (graph.levels[neighbour] < level) {
      return where + " names node " + Number(neighbour) + ", whose top level is " +
             Number(graph.levels[neighbour]);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ReadGraph(const uint8_t* data, size_t size, GraphView* view) {
  if (size < sizeof(Header)) {
    return Number(size) + " bytes are too few for a graph header (" + Number(sizeof(Header)) + ")";
  }
  Header header;
  std::memcpy(&header, data, sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return "field magic is not ANSGRPH1: this is no graph file";
  }
  if (header.n == 0) return "field n is 0";
  if (header.zero != 0) return "field zero is " + Number(header.zero);
  if (header.entry_point >= header.n) {
    return "field entry_point is " + Number(header.entry_point) + " of " + Number(header.n) +
           " nodes";
  }
  // Bounds that keep the sum below from overflowing; every node has at most 256 lists.
  const uint64_t most_lists = uint64_t{header.n} * 256;
  if (header.lists < header.n || header.lists > most_lists) {
    return "field lists is " + Number(header.lists) + " for " + Number(header.n) + " nodes";
  }
  if (header.edges > size)
    return "field edges is " + Number(header.edges) + " in " + Number(size) + " bytes";
  const uint64_t expected =
      sizeof(Header) + PaddedLevels(header.n) + (header.lists + 1) * 8 + header.edges * 4;
  if (size != expected) {
    return "the header promises " + Number(header.lists) + " lists and " + Number(header.edges) +
           " edges, " + Number(expected) + " bytes, but there are " + Number(size) +
           (size < expected ? ": the file is cut off" : "");
  }

  GraphView result;
  result.lists = header.lists;
  result.edges = header.edges;
  annsmith_graph& graph = result.graph;
  graph.n = header.n;
  graph.entry_point = header.entry_point;
  graph.max_level = header.max_level;
  graph.levels = data + sizeof(Header);
  graph.offsets = reinterpret_cast<const uint64_t*>(graph.levels + PaddedLevels(header.n));
  graph.neighbours = reinterpret_cast<const uint32_t*>(graph.offsets + header.lists + 1);

  uint64_t lists = 0;
  for (uint32_t node = 0; node < graph.n; ++node) {
    if (graph.levels[node] > graph.max_level) {
      return "field levels: node " + Number(node) + " has level " + Number(graph.levels[node]) +
             " above max_level " + Number(graph.max_level);
    }
    lists += uint64_t{graph.levels[node]} + 1;
  }
  if (lists != header.lists) {
    return "field lists is " + Number(header.lists) + ", but the levels add up to " + Number(lists);
  }
  if (graph.levels[graph.entry_point] != graph.max_level) {
    return "field entry_point: node " + Number(graph.entry_point) + " has level " +
           Number(graph.levels[graph.entry_point]) + ", max_level is " + Number(graph.max_level);
  }
  if (graph.offsets[0] != 0) return "field offsets does not start with 0";
  for (uint64_t list = 0; list < lists; ++list) {
    if (graph.offsets[list + 1] < graph.offsets[list] || graph.offsets[list + 1] > header.edges) {
      return "field offsets: list " + Number(list) + " ends at " + Number(graph.offsets[list + 1]) +
             ", outside " + Number(graph.offsets[list]) + " to " + Number(header.edges);
    }
  }
  if (graph.offsets[lists] != header.edges) {
    return "field edges is " + Number(header.edges) + ", but the last offset is " +
           Number(graph.offsets[lists]);
  }
  uint64_t list = 0;
  for (uint32_t node = 0; node < graph.n; ++node) {
    for (uint32_t level = 0; level <= graph.levels[node]; ++level, ++list) {
      if (auto wrong = CheckList(graph, list, node, level)) return wrong;
    }
  }
  *view = result;
  return std::nullopt;
}

annsmith_graph_sink GraphCollector::Sink() { return {this, OnHeader, OnList}; }

int GraphCollector::Refuse(const std::string& why) {
  if (wrong_.empty()) wrong_ = why;
  return ANNSMITH_INTERNAL;
}

int GraphCollector::OnHeader(void* context, uint32_t n, uint32_t entry_point, uint32_t max_level) {
  auto& self = *static_cast<GraphCollector*>(context);
  if (self.started_) return self.Refuse("header() was called twice");
  self.started_ = true;
  self.n_ = n;
  self.entry_point_ = entry_point;
  self.max_level_ = max_level;
  return ANNSMITH_OK;
}

int GraphCollector::OnList(void* context, uint32_t node, uint32_t level, const uint32_t* neighbours,
                           uint32_t count) {
  auto& self = *static_cast<GraphCollector*>(context);
  if (!self.started_) return self.Refuse("list() was called before header()");
  const bool next_node = node == self.levels_.size() && level == 0;
  const bool next_level = !self.levels_.empty() && node == self.levels_.size() - 1 &&
                          level == self.levels_.back() + 1u && level <= UINT8_MAX;
  if (node >= self.n_ || (!next_node && !next_level)) {
    return self.Refuse("list() for node " + Number(node) + ", level " + Number(level) +
                       " is out of order: node order, then level order, from level 0");
  }
  if (next_node) self.levels_.push_back(0);
  self.levels_.back() = static_cast<uint8_t>(level);
  self.neighbours_.insert(self.neighbours_.end(), neighbours, neighbours + count);
  self.offsets_.push_back(self.neighbours_.size());
  return ANNSMITH_OK;
}

std::optional<std::string> GraphCollector::Write(int file) const {
  if (!wrong_.empty()) return wrong_;
  if (levels_.size() != n_) {
    return "lists came for " + Number(levels_.size()) + " of " + Number(n_) + " nodes";
  }
  Header header = {{}, n_, entry_point_, max_level_, 0, offsets_.size() - 1, neighbours_.size()};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  const char padding[8] = {};
  const bool written = ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0 &&
                       WriteAll(file, &header, sizeof(header)) &&
                       WriteAll(file, levels_.data(), levels_.size()) &&
                       WriteAll(file, padding, PaddedLevels(n_) - n_) &&
                       WriteAll(file, offsets_.data(), offsets_.size() * sizeof(uint64_t)) &&
                       WriteAll(file, neighbours_.data(), neighbours_.size() * sizeof(uint32_t));
  if (!written) return std::string("the graph cannot be written: ") + std::strerror(errno);
  return std::nullopt;
}

}  // namespace annsmith::harness
