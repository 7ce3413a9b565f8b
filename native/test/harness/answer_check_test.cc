#include "harness/answer_check.h"

#include <gtest/gtest.h>

#include <cstring>

#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

using harness::AnswerCheck;
using harness::Dataset;

std::string Fbin(uint32_t rows, uint32_t dim, const std::vector<float>& values) {
  std::string bytes(8 + values.size() * 4, '\0');
  std::memcpy(&bytes[0], &rows, 4);
  std::memcpy(&bytes[4], &dim, 4);
  std::memcpy(&bytes[8], values.data(), values.size() * 4);
  return bytes;
}

// One query with its whole order as ground truth.
Dataset Make(const TestFiles& files, annsmith_metric metric, const std::vector<float>& query,
             const std::vector<float>& base, std::vector<float> order) {
  const uint32_t dim = static_cast<uint32_t>(query.size());
  const uint32_t rows = static_cast<uint32_t>(base.size()) / dim;
  WriteFile(files.Path("base.fbin"), Fbin(rows, dim, base));
  WriteFile(files.Path("queries.fbin"), Fbin(1, dim, query));
  std::vector<float> truth(order.size() * 2);
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t id = static_cast<uint32_t>(order[i]);
    std::memcpy(&truth[i], &id, 4);
  }
  WriteFile(files.Path("truth.bin"), Fbin(1, static_cast<uint32_t>(order.size()), truth));
  auto opened = Dataset::Open(files.Path("base.fbin"), files.Path("queries.fbin"),
                              files.Path("truth.bin"), metric);
  EXPECT_TRUE(opened.ok()) << opened.failure().detail;
  return std::move(opened.value());
}

class AnswerCheckTest : public testing::Test {
 protected:
  uint32_t Check(const Dataset& data, std::vector<uint32_t> ids, std::vector<float> distances) {
    AnswerCheck check(data, data.n(), static_cast<uint32_t>(ids.size()));
    const uint32_t hits = check.Check(0, ANNSMITH_OK, ids.data(), distances.data());
    violations_ = check.violations();
    return hits;
  }

  const TestFiles files_;
  harness::Violations violations_;
};

TEST_F(AnswerCheckTest, TiedPointsCountWhicheverIsReturned) {
  // Rows 1, 2 and 3 are equally far; the truth happens to name 1.
  const Dataset data =
      Make(files_, ANNSMITH_EUCLIDEAN, {0, 0}, {1, 0, 0, 2, 2, 0, -2, 0, 5, 5}, {0, 1, 2, 3});
  EXPECT_EQ(Check(data, {0, 1}, {1, 4}), 2u);
  EXPECT_EQ(Check(data, {0, 3}, {1, 4}), 2u);
  EXPECT_EQ(Check(data, {1, 2}, {4, 4}), 2u);
  EXPECT_EQ(Check(data, {0, 4}, {1, 50}), 1u);
}

TEST_F(AnswerCheckTest, DuplicatesOfTheQueryTieAtZero) {
  const Dataset data = Make(files_, ANNSMITH_EUCLIDEAN, {3, 4}, {3, 4, 3, 4, 3, 4.01f}, {0, 1, 2});
  EXPECT_EQ(Check(data, {1}, {0}), 1u);
  EXPECT_EQ(Check(data, {2}, {1e-4f}), 0u);
}

TEST_F(AnswerCheckTest, NegativeDistancesOfInnerProducts) {
  // Distances -10, -10 (tied), -5, 7.
  const Dataset data =
      Make(files_, ANNSMITH_INNER_PRODUCT, {1, 2}, {10, 0, 0, 5, 5, 0, -7, 0}, {0, 1, 2, 3});
  EXPECT_EQ(Check(data, {1}, {-10}), 1u);
  EXPECT_EQ(Check(data, {2}, {-5}), 0u);
  EXPECT_EQ(Check(data, {0, 1, 2, 3}, {-10, -10, -5, 7}), 4u);
  EXPECT_EQ(violations_.unsorted, 0u);
  EXPECT_EQ(violations_.false_distance, 0u);
}

TEST_F(AnswerCheckTest, RoundingOfUnitVectorsIsNotAMiss) {
  // Two points one float32 rounding apart: 1 - ip cannot tell them apart.
  const float c = 0.8f;
  const float s = 0.6f;
  const Dataset data = Make(files_, ANNSMITH_ANGULAR, {1, 0},
                            {c, s, 0.79999995f, 0.60000005f, 0.7f, 0.714f}, {0, 1, 2});
  EXPECT_EQ(Check(data, {1}, {0.2f}), 1u);
  EXPECT_EQ(Check(data, {2}, {0.3f}), 0u);
}

TEST_F(AnswerCheckTest, DistancesNearZeroAreJudgedByTheScaleOfTheVectors) {
  const Dataset data = Make(files_, ANNSMITH_EUCLIDEAN, {1, 0}, {1, 0, 0, 1}, {0, 1});
  Check(data, {0, 1}, {5e-6f, 2});
  EXPECT_EQ(violations_.false_distance, 0u);
  Check(data, {0, 1}, {5e-5f, 2});
  EXPECT_EQ(violations_.false_distance, 1u);
  Check(data, {0, 1}, {0, 2.0001f});
  EXPECT_EQ(violations_.false_distance, 0u);
  Check(data, {0, 1}, {0, 2.001f});
  EXPECT_EQ(violations_.false_distance, 1u);
}

TEST_F(AnswerCheckTest, ADuplicateCountsOnce) {
  const Dataset data = Make(files_, ANNSMITH_EUCLIDEAN, {0, 0}, {1, 0, 0, 2, 5, 5}, {0, 1, 2});
  EXPECT_EQ(Check(data, {0, 0}, {1, 1}), 1u);
  EXPECT_EQ(violations_.duplicate, 1u);
}

TEST_F(AnswerCheckTest, HashOfIdsIsFnv1a) {
  EXPECT_EQ(harness::HashAnswers({}), "cbf29ce484222325");
  // FNV-1a of the bytes "foob", from the algorithm's published test vectors.
  EXPECT_EQ(harness::HashAnswers({0x626f6f66}), "dd120e790c2512af");
}

}  // namespace
}  // namespace annsmith::test
