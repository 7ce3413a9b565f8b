#ifndef ANNSMITH_TEST_HARNESS_TEST_FILES_H_
#define ANNSMITH_TEST_HARNESS_TEST_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "include/annsmith/abi.h"

namespace annsmith::test {

// A temporary folder with a small dataset and its exact ground truth; removed on destruction.
class TestFiles {
 public:
  static constexpr uint32_t kRows = 600;
  static constexpr uint32_t kDim = 8;
  static constexpr uint32_t kQueries = 500;
  static constexpr uint32_t kTruth = 20;

  explicit TestFiles(annsmith_metric metric = ANNSMITH_EUCLIDEAN);
  ~TestFiles();
  TestFiles(const TestFiles&) = delete;
  TestFiles& operator=(const TestFiles&) = delete;

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // The only folder that candidates may write to.
  std::string scratch() const { return Path("scratch"); }
  // The folder's own name: it is in the command line of every host that works on these files.
  std::string name() const { return folder_.substr(folder_.rfind('/') + 1); }

  // `data`, with these files.
  std::string DataCommand() const;
  // `open`, for a library of the tests by its name and a deed for hostile ones.
  std::string OpenCommand(const std::string& side, const std::string& library,
                          const std::string& deed = "", const std::string& more = "") const;

  std::vector<float> base;
  std::vector<float> queries;

 private:
  const annsmith_metric metric_;
  std::string folder_;
};

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace annsmith::test

#endif  // ANNSMITH_TEST_HARNESS_TEST_FILES_H_
