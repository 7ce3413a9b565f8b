#ifndef ANNSMITH_TEST_HARNESS_LIBRARIES_BRUTE_FORCE_H_
#define ANNSMITH_TEST_HARNESS_LIBRARIES_BRUTE_FORCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "include/annsmith/abi.h"

namespace annsmith::test {

// An exact index by plain scanning, with a ring as its graph: the honest candidate that the
// harness's tests measure, and the base that hostile ones differ from in one function. ef is
// ignored: recall is 1.
class BruteForce {
 public:
  BruteForce(uint32_t dim, int metric, const char* params)
      : dim_(dim), metric_(metric), params_(params) {}
  virtual ~BruteForce() = default;

  virtual int Build(const float* base, uint64_t n, uint32_t threads);
  virtual int Import(const float* base, uint64_t n, const annsmith_graph& graph);
  virtual int Export(const annsmith_graph_sink& sink) const;
  virtual int Prepare(const float* base, uint64_t n);
  virtual int Search(const float* query, uint32_t k, uint32_t ef, uint32_t* ids, float* distances);
  virtual uint64_t Memory() const { return sizeof(*this); }

 protected:
  float Distance(const float* query, uint64_t row) const;

  const uint32_t dim_;
  const int metric_;
  const std::string params_;
  const float* base_ = nullptr;
  uint64_t n_ = 0;
};

// Each library defines the index that it is.
BruteForce* MakeIndex(uint32_t dim, int metric, const char* params);
// What annsmith_last_error() returns.
extern std::string g_last_error;

}  // namespace annsmith::test

#endif  // ANNSMITH_TEST_HARNESS_LIBRARIES_BRUTE_FORCE_H_
