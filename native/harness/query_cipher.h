#ifndef ANNSMITH_HARNESS_QUERY_CIPHER_H_
#define ANNSMITH_HARNESS_QUERY_CIPHER_H_

#include <cstdint>
#include <cstring>

namespace annsmith::harness {

// Adds (XOR) a key stream to the query of one slot; the same once more takes it away. A chunk's
// queries lie in the search process before they are timed, next to candidate code that answers
// other queries meanwhile: without the key, which comes with the hand-over, it cannot work ahead.
// Cheap before strong; the eight lanes are for vector registers.
inline void CipherQuery(float* to, const float* from, uint32_t dim, uint64_t key, uint32_t slot) {
  constexpr uint32_t kLanes = 8;
  uint32_t state[kLanes];
  uint64_t seed = key + slot * uint64_t{0x9E3779B97F4A7C15};
  for (uint32_t& lane : state) {
    // splitmix64
    uint64_t mixed = (seed += 0x9E3779B97F4A7C15);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    lane = static_cast<uint32_t>(mixed >> 32) | 1;
  }
  for (uint32_t at = 0; at < dim; at += kLanes) {
    uint32_t words[kLanes] = {};
    const uint32_t count = dim - at < kLanes ? dim - at : kLanes;
    std::memcpy(words, from + at, count * sizeof(float));
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      // xorshift32
      state[lane] ^= state[lane] << 13;
      state[lane] ^= state[lane] >> 17;
      state[lane] ^= state[lane] << 5;
      words[lane] ^= state[lane];
    }
    std::memcpy(to + at, words, count * sizeof(float));
  }
}

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_QUERY_CIPHER_H_
