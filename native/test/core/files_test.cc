#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/exact_knn.h"
#include "core/fbin_file.h"
#include "core/mapped_file.h"
#include "core/truth_file.h"

namespace annsmith {
namespace {

class Files : public testing::Test {
 protected:
  std::string Path(const std::string& name) const {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return testing::TempDir() + "annsmith_" + info->name() + "_" + name;
  }

  std::string Write(const std::string& name, const std::vector<uint32_t>& words,
                    size_t extra_bytes = 0) const {
    std::ofstream file(Path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(words.data()),
               static_cast<std::streamsize>(words.size() * sizeof(uint32_t)));
    for (size_t i = 0; i < extra_bytes; ++i) file.put('x');
    return Path(name);
  }

  std::string error_;
};

TEST_F(Files, MapsContentAndMoves) {
  const std::string path = Write("a", {1, 2, 3});
  MappedFile file;
  ASSERT_TRUE(file.Open(path, &error_)) << error_;
  MappedFile moved = std::move(file);
  EXPECT_EQ(moved.size(), 12u);
  EXPECT_EQ(moved.data()[4], 2);
  EXPECT_EQ(moved.path(), path);
}

TEST_F(Files, MapsAnEmptyFile) {
  MappedFile file;
  ASSERT_TRUE(file.Open(Write("empty", {}), &error_)) << error_;
  EXPECT_EQ(file.size(), 0u);
}

TEST_F(Files, NamesTheFileThatCannotBeOpened) {
  MappedFile file;
  EXPECT_FALSE(file.Open("/nowhere/at-all.fbin", &error_));
  EXPECT_NE(error_.find("/nowhere/at-all.fbin"), std::string::npos) << error_;
  EXPECT_FALSE(file.Open(testing::TempDir(), &error_));
  EXPECT_NE(error_.find("not a regular file"), std::string::npos) << error_;
}

TEST_F(Files, ReadsVectors) {
  FbinFile file;
  ASSERT_TRUE(file.Open(Write("v", {2, 1, 0x3f800000, 0x40000000}), &error_)) << error_;
  EXPECT_EQ(file.rows(), 2u);
  EXPECT_EQ(file.dim(), 1u);
  EXPECT_EQ(file.data()[1], 2.0f);
}

TEST_F(Files, RefusesVectorsOfTheWrongSize) {
  FbinFile file;
  EXPECT_FALSE(file.Open(Write("short", {2}), &error_));
  EXPECT_NE(error_.find("too few"), std::string::npos) << error_;
  EXPECT_FALSE(file.Open(Write("cut", {2, 1, 0}), &error_));
  EXPECT_NE(error_.find("promises 2 rows of dim 1, 2 float32 values, but 4 bytes follow"),
            std::string::npos)
      << error_;
  EXPECT_FALSE(file.Open(Write("long", {1, 1, 0}, 1), &error_));
  EXPECT_FALSE(file.Open(Write("flat", {1, 0}), &error_));
  EXPECT_NE(error_.find("dim"), std::string::npos) << error_;
  // Its size in bytes is 0 modulo 2^64.
  EXPECT_FALSE(file.Open(Write("huge", {0x80000000, 0x80000000}), &error_));
}

TEST_F(Files, WritesTruthWhole) {
  KnnResult result;
  result.k = 2;
  result.ids = {5, 6, 7, 8};
  result.distances = {0.5f, 1, 2, 3};
  const std::string path = Path("truth");
  ASSERT_TRUE(WriteTruthFile(path, result, &error_)) << error_;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(bytes.size(), 8u + 4 * 8);
  const auto* words = reinterpret_cast<const uint32_t*>(bytes.data());
  EXPECT_EQ(words[0], 2u);
  EXPECT_EQ(words[1], 2u);
  EXPECT_EQ(words[5], 8u);
  EXPECT_EQ(words[6], 0x3f000000u);
  EXPECT_FALSE(WriteTruthFile("/nowhere/at-all/truth", result, &error_));
  EXPECT_NE(error_.find("/nowhere/at-all/truth"), std::string::npos) << error_;
}

}  // namespace
}  // namespace annsmith
