// Compares examples/hnsw with hnswlib: same vectors, M, efConstruction, k and flags, one search
// thread, both indexes in one process, taking turns in chunks of queries so that both see the same
// machine. Prints one JSON document.
//
// usage: compare BASE.fbin QUERIES.fbin TRUTH.ibin FIRST_ROW ROWS M EF_CONSTRUCTION BUILD_THREADS
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hnsw/index.h"
#include "hnswlib.h"

namespace {

constexpr std::size_t kResults = 10;
constexpr std::size_t kChunk = 100;  // queries before the other index takes its turn
constexpr std::size_t kPasses = 3;   // over all rows; the median per chunk counts
constexpr std::size_t kBeams[] = {10, 20, 30, 40, 60, 80, 120, 160, 240};

struct Matrix {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::vector<std::uint32_t> words;
  const float* row(std::size_t i) const {
    return reinterpret_cast<const float*>(words.data()) + i * columns;
  }
};

Matrix Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Matrix matrix;
  std::uint32_t header[2];
  if (!file.read(reinterpret_cast<char*>(header), sizeof(header))) {
    throw std::runtime_error(path + ": cannot read the header");
  }
  matrix.rows = header[0];
  matrix.columns = header[1];
  matrix.words.resize(static_cast<std::size_t>(header[0]) * header[1]);
  const auto bytes = static_cast<std::streamsize>(matrix.words.size() * sizeof(std::uint32_t));
  if (!file.read(reinterpret_cast<char*>(matrix.words.data()), bytes)) {
    throw std::runtime_error(path + ": shorter than its header says");
  }
  return matrix;
}

double Seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

class Hnswlib {
 public:
  Hnswlib(const Matrix& base, std::size_t M, std::size_t ef_construction, std::size_t threads)
      : space_(base.columns), index_(&space_, base.rows, M, ef_construction) {
    index_.addPoint(base.row(0), 0);
    std::atomic<std::size_t> next{1};
    const auto work = [&] {
      for (std::size_t i = next++; i < base.rows; i = next++) index_.addPoint(base.row(i), i);
    };
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
  }

  void Search(const float* query, std::size_t ef, std::uint32_t* ids) {
    index_.setEf(ef);
    auto found = index_.searchKnn(query, kResults);
    for (std::size_t i = found.size(); i-- > 0; found.pop()) {
      ids[i] = static_cast<std::uint32_t>(found.top().second);
    }
  }

 private:
  hnswlib::L2Space space_;
  hnswlib::HierarchicalNSW<float> index_;
};

class Example {
 public:
  Example(const Matrix& base, std::uint32_t M, std::uint32_t ef_construction, std::size_t threads)
      : index_(base.row(0), base.rows, base.columns, hnsw::Metric::kEuclidean,
               {M, ef_construction, 42}, threads) {
    index_.Prepare();
  }

  void Search(const float* query, std::size_t ef, std::uint32_t* ids) {
    const auto& found = index_.Search(query, kResults, ef);
    for (std::size_t i = 0; i < found.size(); ++i) ids[i] = found[i].id;
  }

 private:
  hnsw::Index index_;
};

/// Seconds per query, per chunk and pass, of one index; and its answers.
struct Side {
  std::vector<std::vector<double>> chunks;
  std::vector<std::uint32_t> ids;
};

template <typename Index>
void RunChunk(Index& index, const Matrix& queries, std::size_t first, std::size_t begin,
              std::size_t end, std::size_t ef, Side& side) {
  const double start = Seconds();
  for (std::size_t i = begin; i < end; ++i) {
    index.Search(queries.row(first + i), ef, side.ids.data() + i * kResults);
  }
  side.chunks[begin / kChunk].push_back((Seconds() - start) / static_cast<double>(end - begin));
}

double MedianSeconds(Side& side) {
  double sum = 0;
  for (std::vector<double>& passes : side.chunks) {
    std::nth_element(passes.begin(), passes.begin() + passes.size() / 2, passes.end());
    sum += passes[passes.size() / 2];
  }
  return sum / static_cast<double>(side.chunks.size());
}

double Recall(const Side& side, const Matrix& truth, std::size_t first, std::size_t rows) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint32_t* expected = truth.words.data() + (first + i) * truth.columns;
    const std::uint32_t* given = side.ids.data() + i * kResults;
    for (std::size_t j = 0; j < kResults; ++j) {
      hits += std::find(expected, expected + kResults, given[j]) != expected + kResults;
    }
  }
  return static_cast<double>(hits) / static_cast<double>(rows * kResults);
}

void PinToLastCore() {
  cpu_set_t allowed;
  pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed);
  for (int core = CPU_SETSIZE - 1; core >= 0; --core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    CPU_ZERO(&allowed);
    CPU_SET(core, &allowed);
    pthread_setaffinity_np(pthread_self(), sizeof(allowed), &allowed);
    return;
  }
}

void Compare(char** arguments) {
  const Matrix base = Read(arguments[1]);
  const Matrix queries = Read(arguments[2]);
  const Matrix truth = Read(arguments[3]);
  const std::size_t first = std::stoul(arguments[4]);
  const std::size_t rows = std::stoul(arguments[5]);
  const auto M = static_cast<std::uint32_t>(std::stoul(arguments[6]));
  const auto ef_construction = static_cast<std::uint32_t>(std::stoul(arguments[7]));
  const std::size_t threads = std::stoul(arguments[8]);

  double start = Seconds();
  Hnswlib hnswlib(base, M, ef_construction, threads);
  const double hnswlib_build = Seconds() - start;
  start = Seconds();
  Example example(base, M, ef_construction, threads);
  const double example_build = Seconds() - start;

  PinToLastCore();
  std::printf("{\"buildSeconds\": {\"hnswlib\": %.2f, \"example\": %.2f}, \"points\": [",
              hnswlib_build, example_build);
  const char* separator = "";
  for (const std::size_t ef : kBeams) {
    const std::size_t chunks = (rows + kChunk - 1) / kChunk;
    Side a{std::vector<std::vector<double>>(chunks), std::vector<std::uint32_t>(rows * kResults)};
    Side b = a;
    for (std::size_t pass = 0; pass < kPasses; ++pass) {
      for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        const std::size_t begin = chunk * kChunk;
        const std::size_t end = std::min(rows, begin + kChunk);
        const bool hnswlib_first = (pass + chunk) % 2 == 0;
        if (hnswlib_first) RunChunk(hnswlib, queries, first, begin, end, ef, a);
        RunChunk(example, queries, first, begin, end, ef, b);
        if (!hnswlib_first) RunChunk(hnswlib, queries, first, begin, end, ef, a);
      }
    }
    std::printf(
        "%s{\"ef\": %zu, \"hnswlib\": {\"recall\": %.6f, \"secondsPerQuery\": %.9g}, "
        "\"example\": {\"recall\": %.6f, \"secondsPerQuery\": %.9g}}",
        separator, ef, Recall(a, truth, first, rows), MedianSeconds(a),
        Recall(b, truth, first, rows), MedianSeconds(b));
    separator = ", ";
  }
  std::printf("]}\n");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 9) {
    std::fprintf(stderr,
                 "usage: compare BASE QUERIES TRUTH FIRST_ROW ROWS M EF_CONSTRUCTION THREADS\n");
    return 2;
  }
  try {
    Compare(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "compare: %s\n", error.what());
    return 1;
  }
  return 0;
}
