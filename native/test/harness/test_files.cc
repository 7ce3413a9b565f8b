#include "test/harness/test_files.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "harness/command.h"

namespace annsmith::test {
namespace {

std::string Bytes(const void* data, size_t size) {
  return std::string(static_cast<const char*>(data), size);
}

template <typename Value>
std::string Bytes(const std::vector<Value>& values) {
  return Bytes(values.data(), values.size() * sizeof(Value));
}

std::string Header(uint32_t first, uint32_t second) {
  const uint32_t header[2] = {first, second};
  return Bytes(header, sizeof(header));
}

std::vector<float> RandomVectors(uint32_t rows, uint32_t dim, bool unit, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size_t{rows} * dim);
  for (float& value : values) value = normal(random);
  for (uint32_t row = 0; unit && row < rows; ++row) {
    float* vector = values.data() + size_t{row} * dim;
    double square = 0;
    for (uint32_t i = 0; i < dim; ++i) square += double{vector[i]} * vector[i];
    for (uint32_t i = 0; i < dim; ++i)
      vector[i] = static_cast<float>(vector[i] / std::sqrt(square));
  }
  return values;
}

double Distance(const float* q, const float* p, uint32_t dim, annsmith_metric metric) {
  double product = 0, square = 0;
  for (uint32_t i = 0; i < dim; ++i) {
    product += double{q[i]} * p[i];
    square += (double{q[i]} - p[i]) * (double{q[i]} - p[i]);
  }
  return metric == ANNSMITH_EUCLIDEAN ? square
         : metric == ANNSMITH_ANGULAR ? 1 - product
                                      : -product;
}

}  // namespace

TestFiles::TestFiles(annsmith_metric metric)
    : base(RandomVectors(kRows, kDim, metric == ANNSMITH_ANGULAR, 1)),
      queries(RandomVectors(kQueries, kDim, metric == ANNSMITH_ANGULAR, 2)),
      metric_(metric) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "annsmith-harness-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  std::filesystem::create_directory(scratch());

  std::vector<uint32_t> ids;
  std::vector<float> distances;
  for (uint32_t query = 0; query < kQueries; ++query) {
    std::vector<std::pair<double, uint32_t>> all;
    for (uint32_t row = 0; row < kRows; ++row) {
      all.emplace_back(Distance(&queries[query * kDim], &base[row * kDim], kDim, metric), row);
    }
    std::sort(all.begin(), all.end());
    for (uint32_t i = 0; i < kTruth; ++i) {
      ids.push_back(all[i].second);
      distances.push_back(static_cast<float>(all[i].first));
    }
  }
  WriteFile(Path("base.fbin"), Header(kRows, kDim) + Bytes(base));
  WriteFile(Path("queries.fbin"), Header(kQueries, kDim) + Bytes(queries));
  WriteFile(Path("truth.bin"), Header(kQueries, kTruth) + Bytes(ids) + Bytes(distances));
}

TestFiles::~TestFiles() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestFiles::DataCommand() const {
  const char* const names[] = {"euclidean", "angular", "ip"};
  return "data base=" + Path("base.fbin") + " queries=" + Path("queries.fbin") +
         " truth=" + Path("truth.bin") + " metric=" + names[metric_];
}

std::string TestFiles::OpenCommand(const std::string& side, const std::string& library,
                                   const std::string& deed, const std::string& more) const {
  const std::string params = "{\"deed\":\"" + deed + "\",\"file\":\"" + Path("base.fbin.copy") +
                             "\",\"scratch\":\"" + scratch() + "\"}";
  const bool has_mode = more.find("mode=") != std::string::npos;
  return "open side=" + side + " lib=" + ANNSMITH_TEST_LIBRARIES + "/lib" + library +
         ".so scratch=" + scratch() + " params=" + harness::PercentEncode(params) +
         (has_mode ? "" : " mode=build") + (more.empty() ? "" : " " + more);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace annsmith::test
