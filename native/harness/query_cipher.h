#ifndef ANNSMITH_HARNESS_QUERY_CIPHER_H_
#define ANNSMITH_HARNESS_QUERY_CIPHER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace annsmith::harness {

// Four blocks of a ChaCha state at once, one to a lane.
using CipherLanes __attribute__((vector_size(16))) = uint32_t;
constexpr uint32_t kCipherWords = 64;

inline void RotateLeft(CipherLanes* lanes, int bits) {
  *lanes = (*lanes << bits) | (*lanes >> (32 - bits));
}

inline void QuarterRound(CipherLanes* a, CipherLanes* b, CipherLanes* c, CipherLanes* d) {
  *a += *b, *d ^= *a, RotateLeft(d, 16);
  *c += *d, *b ^= *c, RotateLeft(b, 12);
  *a += *b, *d ^= *a, RotateLeft(d, 8);
  *c += *d, *b ^= *c, RotateLeft(b, 7);
}

// The next `kCipherWords` words of the key stream of one slot, from block `block` on.
inline void CipherWords(uint64_t key, uint32_t slot, uint32_t block, CipherLanes words[16]) {
  const uint32_t low = static_cast<uint32_t>(key);
  const uint32_t high = static_cast<uint32_t>(key >> 32);
  const uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, low, high, 0, 0,
                              0,          0,          0,          0,          0,   slot, 0, 0};
  CipherLanes start[16];
  for (int i = 0; i < 16; ++i) start[i] = CipherLanes{} + state[i];
  start[12] = CipherLanes{0, 1, 2, 3} + block;
  for (int i = 0; i < 16; ++i) words[i] = start[i];
  for (int round = 0; round < 8; round += 2) {
    for (int i = 0; i < 4; ++i) {
      QuarterRound(&words[i], &words[4 + i], &words[8 + i], &words[12 + i]);
    }
    for (int i = 0; i < 4; ++i) {
      QuarterRound(&words[i], &words[4 + (i + 1) % 4], &words[8 + (i + 2) % 4],
                   &words[12 + (i + 3) % 4]);
    }
  }
  for (int i = 0; i < 16; ++i) words[i] += start[i];
}

// Adds (XOR) a key stream to the query of one slot; the same once more takes it away. A chunk's
// queries lie in the search process before they are timed, next to candidate code that answers
// other queries meanwhile: without the key, which comes with the hand-over, it cannot work ahead.
// ChaCha8 (Bernstein 2008) with a key of 64 bits: components of real vectors are small integers
// often enough that a generator which is merely fast is solved from the first few of them.
inline void CipherQuery(float* to, const float* from, uint32_t dim, uint64_t key, uint32_t slot) {
  CipherLanes stream[16];
  for (uint32_t at = 0; at < dim; at += kCipherWords) {
    CipherWords(key, slot, at / 16, stream);
    uint32_t keys[kCipherWords];
    uint32_t words[kCipherWords];
    std::memcpy(keys, stream, sizeof(keys));
    const uint32_t count = std::min(kCipherWords, dim - at);
    std::memcpy(words, from + at, count * sizeof(float));
    for (uint32_t i = 0; i < count; ++i) words[i] ^= keys[i];
    std::memcpy(to + at, words, count * sizeof(float));
  }
}

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_QUERY_CIPHER_H_
