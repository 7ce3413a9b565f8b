#include "harness/dataset.h"

#include <cstring>
#include <numeric>

namespace annsmith::harness {
namespace {

Failure Bad(const std::string& detail) { return {"data", "io", detail, ""}; }

// splitmix64 (Steele, Lea, Flood 2014): the standard library's shuffle differs between
// implementations.
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

Outcome<Dataset> Dataset::Open(const std::string& base, const std::string& queries,
                               const std::string& truth, annsmith_metric metric) {
  Dataset data;
  std::string error;
  if (!data.base_.Open(base, &error) || !data.queries_.Open(queries, &error)) return Bad(error);
  if (data.base_.rows() == 0) return Bad(base + ": holds no vectors");
  if (data.queries_.rows() == 0) return Bad(queries + ": holds no queries");
  if (data.queries_.dim() != data.base_.dim()) {
    return Bad(queries + ": field dim is " + std::to_string(data.queries_.dim()) + ", but " + base +
               " has dim " + std::to_string(data.base_.dim()));
  }
  data.base_path_ = base;
  data.metric_ = metric;
  if (auto opened = data.OpenTruth(truth); !opened.ok()) return opened.failure();
  return data;
}

Result Dataset::OpenTruth(const std::string& path) {
  std::string error;
  if (!truth_.Open(path, &error)) return Bad(error);
  uint32_t header[2] = {};
  if (truth_.size() < sizeof(header)) {
    return Bad(path + ": " + std::to_string(truth_.size()) +
               " bytes are too few for a truth header (8)");
  }
  std::memcpy(header, truth_.data(), sizeof(header));
  const uint64_t expected = sizeof(header) + uint64_t{header[0]} * header[1] * 8;
  if (truth_.size() != expected) {
    return Bad(path + ": the header promises " + std::to_string(header[0]) + " queries of " +
               std::to_string(header[1]) + " neighbours, " + std::to_string(expected) +
               " bytes, but there are " + std::to_string(truth_.size()));
  }
  if (header[0] != queries_.rows()) {
    return Bad(path + ": field queries is " + std::to_string(header[0]) +
               ", but the queries file has " + std::to_string(queries_.rows()) + " rows");
  }
  if (header[1] == 0) return Bad(path + ": field k is 0");
  truth_k_ = header[1];
  const uint64_t ids = uint64_t{header[0]} * header[1];
  for (uint64_t i = 0; i < ids; ++i) {
    if (TruthIds()[i] >= n()) {
      return Bad(path + ": field ids: query " + std::to_string(i / truth_k_) + " names row " +
                 std::to_string(TruthIds()[i]) + " of " + std::to_string(n()));
    }
  }
  return Nothing{};
}

std::vector<uint64_t> OrderedRows(uint64_t start, uint64_t count, uint64_t seed) {
  std::vector<uint64_t> rows(count);
  std::iota(rows.begin(), rows.end(), start);
  if (seed == 0) return rows;
  uint64_t state = seed;
  for (uint64_t left = count; left > 1; --left) {
    // The bias of the remainder is below 2^-40 for any number of rows that fits in memory.
    std::swap(rows[left - 1], rows[NextRandom(&state) % left]);
  }
  return rows;
}

}  // namespace annsmith::harness
