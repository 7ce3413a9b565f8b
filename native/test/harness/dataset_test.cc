#include "harness/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "test/harness/test_files.h"

namespace annsmith::test {
namespace {

using harness::Dataset;
using harness::OrderedRows;

class DatasetTest : public testing::Test {
 protected:
  std::string FailureOf(const std::string& base, const std::string& queries,
                        const std::string& truth) {
    const auto opened = Dataset::Open(files_.Path(base), files_.Path(queries), files_.Path(truth),
                                      ANNSMITH_EUCLIDEAN);
    return opened.ok() ? "" : opened.failure().detail;
  }

  // A copy of a file with a 32-bit field changed.
  void Change(const std::string& from, const std::string& to, size_t at, uint32_t value) {
    std::string bytes = ReadFile(files_.Path(from));
    std::memcpy(&bytes[at], &value, sizeof(value));
    WriteFile(files_.Path(to), bytes);
  }

  const TestFiles files_;
};

void ExpectSays(const std::string& text, const std::string& part, const std::string& other) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
  EXPECT_NE(text.find(other), std::string::npos) << text;
}

TEST_F(DatasetTest, WholeFilesOpen) {
  EXPECT_EQ(FailureOf("base.fbin", "queries.fbin", "truth.bin"), "");
}

TEST_F(DatasetTest, MissingFile) {
  ExpectSays(FailureOf("nowhere.fbin", "queries.fbin", "truth.bin"), "nowhere.fbin",
             "cannot be opened");
}

TEST_F(DatasetTest, TruncatedVectors) {
  const std::string bytes = ReadFile(files_.Path("base.fbin"));
  WriteFile(files_.Path("cut.fbin"), bytes.substr(0, bytes.size() - 1));
  ExpectSays(FailureOf("cut.fbin", "queries.fbin", "truth.bin"), "cut.fbin", "600 rows of dim 8");
}

TEST_F(DatasetTest, DimensionsThatDiffer) {
  Change("queries.fbin", "wide.fbin", 4, 4);
  std::string bytes = ReadFile(files_.Path("wide.fbin"));
  WriteFile(files_.Path("wide.fbin"), bytes.substr(0, 8 + 500 * 4 * 4));
  ExpectSays(FailureOf("base.fbin", "wide.fbin", "truth.bin"), "wide.fbin: field dim is 4",
             "dim 8");
}

TEST_F(DatasetTest, TruncatedTruth) {
  const std::string bytes = ReadFile(files_.Path("truth.bin"));
  WriteFile(files_.Path("cut.bin"), bytes.substr(0, bytes.size() / 2));
  ExpectSays(FailureOf("base.fbin", "queries.fbin", "cut.bin"), "cut.bin",
             "500 queries of 20 neighbours");
}

TEST_F(DatasetTest, TruthOfOtherQueries) {
  std::string bytes = ReadFile(files_.Path("truth.bin"));
  const uint32_t header[2] = {250, 40};
  std::memcpy(bytes.data(), header, sizeof(header));
  WriteFile(files_.Path("other.bin"), bytes);
  ExpectSays(FailureOf("base.fbin", "queries.fbin", "other.bin"), "field queries is 250",
             "500 rows");
}

TEST_F(DatasetTest, TruthOfAnotherBase) {
  Change("truth.bin", "other.bin", 8 + 20 * 4, 600);
  ExpectSays(FailureOf("base.fbin", "queries.fbin", "other.bin"), "query 1 names row 600",
             "other.bin");
}

TEST(OrderedRowsTest, APermutationThatDependsOnTheSeed) {
  const auto natural = OrderedRows(5, 100, 0);
  auto shuffled = OrderedRows(5, 100, 7);
  EXPECT_EQ(shuffled, OrderedRows(5, 100, 7));
  EXPECT_NE(shuffled, OrderedRows(5, 100, 8));
  EXPECT_NE(shuffled, natural);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, natural);
}

}  // namespace
}  // namespace annsmith::test
