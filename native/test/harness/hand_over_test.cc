// What lies in the memory between supervisor and search process.

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "harness/query_cipher.h"
#include "harness/shared_area.h"

namespace annsmith::harness {
namespace {

TEST(SharedAreaTest, ClearTakesWhatWasPutAsideAnywhere) {
  constexpr uint32_t kDim = 12;
  const auto file = SharedArea::CreateFile(kDim);
  ASSERT_TRUE(file.ok());
  const auto supervisors = SharedArea::Map(file.value(), kDim);
  const auto candidates = SharedArea::Map(file.value(), kDim);
  ASSERT_TRUE(supervisors.ok() && candidates.ok());
  const size_t last = size_t{SharedArea::kCapacity} * SharedArea::kMostNeighbours - 1;
  candidates.value().ids()[last] = 7;
  candidates.value().request().key = 7;
  candidates.value().queries()[5] = 7;
  ASSERT_EQ(supervisors.value().ids()[last], 7u);
  ASSERT_TRUE(supervisors.value().Clear());
  EXPECT_EQ(candidates.value().ids()[last], 0u);
  EXPECT_EQ(candidates.value().request().key, 0u);
  EXPECT_EQ(candidates.value().queries()[5], 0);
  close(file.value());
}

TEST(QueryCipherTest, TwiceIsTheQueryAgainOnceIsNot) {
  for (const uint32_t dim : {1u, 7u, 8u, 100u, 784u}) {
    std::vector<float> query(dim), hidden(dim), found(dim);
    for (uint32_t i = 0; i < dim; ++i) query[i] = 0.5f * static_cast<float>(i) - 3;
    CipherQuery(hidden.data(), query.data(), dim, 42, 3);
    CipherQuery(found.data(), hidden.data(), dim, 42, 3);
    EXPECT_EQ(found, query);
    size_t open = 0;
    for (uint32_t i = 0; i < dim; ++i) open += hidden[i] == query[i] ? 1 : 0;
    EXPECT_EQ(open, 0u);
    CipherQuery(found.data(), hidden.data(), dim, 42, 4);
    EXPECT_NE(found, query);
    CipherQuery(found.data(), hidden.data(), dim, 43, 3);
    EXPECT_NE(found, query);
  }
}

// Of the first block of ChaCha8 for a key and a nonce of zeros
// (draft-strombergson-chacha-test-vectors, TC1).
TEST(QueryCipherTest, IsChaCha8) {
  constexpr uint32_t kExpected[] = {0x2fef003e, 0xd6405f89, 0xe8b85b7f, 0xa1a5091f};
  CipherLanes words[16];
  CipherWords(0, 0, 0, words);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(words[i][0], kExpected[i]) << i;
}

}  // namespace
}  // namespace annsmith::harness
