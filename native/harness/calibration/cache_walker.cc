// An index that finds nothing: its search touches pseudo-random cache lines of a buffer, as many
// and over as much memory as its parameters say, {"footprintBytes": 27000000, "touches": 2000}.
// Calibration uses it to measure what alternating with another process costs an index of a given
// size. Its answers are arbitrary, and reported as false.

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "include/annsmith/abi.h"

namespace {

constexpr uint64_t kLineBytes = 64;
std::string g_error;

// splitmix64 (Steele, Lea, Flood 2014).
uint64_t NextRandom(uint64_t* state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// The integer behind "key": in a flat JSON object; 0 where there is none.
uint64_t IntegerField(const std::string& json, const std::string& key) {
  size_t at = json.find("\"" + key + "\"");
  if (at == std::string::npos) return 0;
  at = json.find(':', at);
  return at == std::string::npos ? 0 : std::strtoull(json.c_str() + at + 1, nullptr, 10);
}

int Fail(int status, const std::string& text) {
  g_error = text;
  return status;
}

}  // namespace

struct annsmith_index {
  uint32_t dim = 0;
  uint64_t n = 0;
  uint64_t footprint_bytes = 0;
  uint64_t touches = 0;
  uint64_t* buffer = nullptr;
  uint64_t sum = 0;  // keeps the loads from being optimised away
};

uint32_t annsmith_abi_version(void) { return ANNSMITH_ABI_VERSION; }

int annsmith_create(uint32_t dim, int, const char* params, annsmith_index** out) {
  const uint64_t footprint = IntegerField(params, "footprintBytes") / kLineBytes * kLineBytes;
  const uint64_t touches = IntegerField(params, "touches");
  if (footprint == 0 || touches == 0) {
    return Fail(ANNSMITH_INVALID_ARGUMENT, "footprintBytes (64 or more) and touches are needed");
  }
  auto* index = new annsmith_index;
  index->dim = dim;
  index->footprint_bytes = footprint;
  index->touches = touches;
  *out = index;
  return ANNSMITH_OK;
}

int annsmith_build(annsmith_index* index, const float*, uint64_t n, uint32_t) {
  index->n = n;
  void* memory = mmap(nullptr, index->footprint_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Fail(ANNSMITH_OUT_OF_MEMORY, "no memory for the footprint");
  }
  // As a fast index would, so that the lines are evicted from the cache and not from the TLB.
  madvise(memory, index->footprint_bytes, MADV_HUGEPAGE);
  std::memset(memory, 1, index->footprint_bytes);
  index->buffer = static_cast<uint64_t*>(memory);
  return ANNSMITH_OK;
}

int annsmith_import_graph(annsmith_index* index, const float* base, uint64_t n,
                          const annsmith_graph*) {
  return annsmith_build(index, base, n, 1);
}

int annsmith_export_graph(const annsmith_index*, const annsmith_graph_sink*) {
  return Fail(ANNSMITH_UNSUPPORTED, "there is no graph");
}

int annsmith_prepare(annsmith_index*, const float*, uint64_t) { return ANNSMITH_OK; }

int annsmith_search(annsmith_index* index, const float* query, uint32_t k, uint32_t, uint32_t* ids,
                    float* distances) {
  uint64_t state = 0;
  for (uint32_t i = 0; i < index->dim; ++i) {
    uint32_t bits;
    std::memcpy(&bits, query + i, sizeof(bits));
    state = (state ^ bits) * 0x100000001B3;
  }
  const uint64_t lines = index->footprint_bytes / kLineBytes;
  constexpr uint64_t kLineWords = kLineBytes / sizeof(uint64_t);
  uint64_t sum = 0;
  for (uint64_t touch = 0; touch < index->touches; ++touch) {
    sum += index->buffer[NextRandom(&state) % lines * kLineWords];
  }
  index->sum += sum;
  for (uint32_t i = 0; i < k; ++i) {
    ids[i] = i < index->n ? static_cast<uint32_t>((state + i) % index->n) : ANNSMITH_NO_ID;
    distances[i] = 0;
  }
  return ANNSMITH_OK;
}

uint64_t annsmith_memory(const annsmith_index* index) {
  return sizeof(*index) + (index->buffer == nullptr ? 0 : index->footprint_bytes);
}

void annsmith_destroy(annsmith_index* index) {
  if (index->buffer != nullptr) munmap(index->buffer, index->footprint_bytes);
  delete index;
}

const char* annsmith_last_error(void) { return g_error.c_str(); }
