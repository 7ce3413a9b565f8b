// Exact top-100 by annsmith_core against blocked OpenBLAS sgemm with the same selection,
// alternating in one process.
//   knn_vs_sgemm BASE.fbin QUERIES.fbin QUERY_COUNT THREADS ROUNDS
// Prints one JSON object: seconds of every run, and how far the two answers agree.
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "core/exact_knn.h"
#include "core/fbin_file.h"
#include "core/parallel.h"

extern "C" void openblas_set_num_threads(int threads);
extern "C" char* openblas_get_corename(void);

namespace {

using annsmith::Candidate;
using annsmith::MatrixView;

constexpr size_t kNeighbours = 100;
// Base rows per product; the baseline runs with the one that is fastest here.
constexpr size_t kBlocks[] = {512, 1024, 2048, 4096};
constexpr int kTrials = 2;

// The usual way: products of all queries with a block of the base, then the best of each row. No
// re-ranking: what it gives is exact up to single precision only.
std::vector<uint32_t> SgemmKnn(const MatrixView& base, const MatrixView& queries, unsigned threads,
                               size_t block) {
  const annsmith::KernelSet& kernels = *annsmith::AvailableKernels().front();
  std::vector<float> half_norms(base.rows);
  const size_t blocks = (base.rows + block - 1) / block;
  annsmith::ParallelFor(threads, blocks, [&](size_t b, unsigned) {
    for (size_t i = b * block; i < std::min(base.rows, (b + 1) * block); ++i) {
      half_norms[i] =
          static_cast<float>(kernels.inner_product(base.row(i), base.row(i), base.dim) / 2);
    }
  });
  const auto nearer = [](const Candidate& a, const Candidate& b) { return a.key < b.key; };
  std::vector<float> products(queries.rows * block);
  std::vector<std::vector<Candidate>> pools(queries.rows);
  std::vector<float> bounds(queries.rows, std::numeric_limits<float>::infinity());
  std::vector<size_t> counts(queries.rows, 0);
  for (auto& pool : pools) pool.resize(2 * kNeighbours + block);
  for (size_t first = 0; first < base.rows; first += block) {
    const size_t count = std::min(block, base.rows - first);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(queries.rows),
                static_cast<int>(count), static_cast<int>(base.dim), 1.0f, queries.data,
                static_cast<int>(base.dim), base.row(first), static_cast<int>(base.dim), 0.0f,
                products.data(), static_cast<int>(block));
    constexpr size_t kRows = 64;
    annsmith::ParallelFor(threads, (queries.rows + kRows - 1) / kRows, [&](size_t item, unsigned) {
      for (size_t i = item * kRows; i < std::min(queries.rows, (item + 1) * kRows); ++i) {
        counts[i] += kernels.select_below(products.data() + i * block, half_norms.data() + first,
                                          count, bounds[i], static_cast<uint32_t>(first),
                                          pools[i].data() + counts[i]);
        if (counts[i] < 2 * kNeighbours) continue;
        std::nth_element(pools[i].begin(), pools[i].begin() + kNeighbours - 1,
                         pools[i].begin() + counts[i], nearer);
        counts[i] = kNeighbours;
        bounds[i] = pools[i][kNeighbours - 1].key;
      }
    });
  }
  std::vector<uint32_t> ids(queries.rows * kNeighbours);
  for (size_t i = 0; i < queries.rows; ++i) {
    std::partial_sort(pools[i].begin(), pools[i].begin() + kNeighbours,
                      pools[i].begin() + counts[i], nearer);
    for (size_t j = 0; j < kNeighbours; ++j) ids[i * kNeighbours + j] = pools[i][j].id;
  }
  return ids;
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void PrintList(const char* name, const std::vector<double>& values) {
  std::printf("\"%s\":[", name);
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%.4f", i > 0 ? "," : "", values[i]);
  std::printf("]");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: knn_vs_sgemm BASE.fbin QUERIES.fbin QUERY_COUNT THREADS ROUNDS\n");
    return 2;
  }
  annsmith::FbinFile base_file;
  annsmith::FbinFile query_file;
  std::string error;
  if (!base_file.Open(argv[1], &error) || !query_file.Open(argv[2], &error)) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const MatrixView base{base_file.data(), base_file.rows(), base_file.dim()};
  const size_t count = std::min<size_t>(std::strtoul(argv[3], nullptr, 10), query_file.rows());
  const MatrixView queries{query_file.data(), count, query_file.dim()};
  annsmith::KnnOptions options;
  options.k = kNeighbours;
  options.threads = static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10));
  const int rounds = std::atoi(argv[5]);
  if (base.rows < kNeighbours || base.dim != queries.dim || options.threads == 0 || rounds <= 0) {
    std::fprintf(stderr, "the files do not fit together, or THREADS or ROUNDS is 0\n");
    return 2;
  }
  openblas_set_num_threads(static_cast<int>(options.threads));

  size_t block = kBlocks[0];
  double fastest = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kTrials; ++trial) {
    for (const size_t size : kBlocks) {
      const double start = Seconds();
      SgemmKnn(base, queries, options.threads, size);
      const double elapsed = Seconds() - start;
      if (elapsed < fastest) block = size;
      fastest = std::min(fastest, elapsed);
    }
  }

  std::vector<double> ours, theirs;
  size_t same = 0;
  size_t widened = 0;
  // The first round warms caches and starts the BLAS's threads; it is not reported.
  for (int round = 0; round <= rounds; ++round) {
    annsmith::KnnResult mine;
    std::vector<uint32_t> other;
    double elapsed[2];
    for (int turn = 0; turn < 2; ++turn) {
      const bool my_turn = (turn + round) % 2 == 0;
      const double start = Seconds();
      if (my_turn) {
        mine = ExactKnn(base, queries, annsmith::Metric::kEuclidean, options);
      } else {
        other = SgemmKnn(base, queries, options.threads, block);
      }
      elapsed[my_turn ? 0 : 1] = Seconds() - start;
    }
    if (round == 0) {
      widened = mine.widened;
      for (size_t i = 0; i < other.size(); ++i) same += mine.ids[i] == other[i];
      continue;
    }
    ours.push_back(elapsed[0]);
    theirs.push_back(elapsed[1]);
  }
  std::printf(
      "{\"threads\":%u,\"queries\":%zu,\"n\":%zu,\"dim\":%zu,\"kernels\":\"%s\",\"blas\":\"%s\",",
      options.threads, count, base.rows, base.dim, annsmith::AvailableKernels().front()->name,
      openblas_get_corename());
  std::printf("\"sgemmBlock\":%zu,", block);
  std::printf("\"sameIds\":%.6f,\"widenedQueries\":%zu,",
              static_cast<double>(same) / static_cast<double>(count * kNeighbours), widened);
  PrintList("knnSeconds", ours);
  std::printf(",");
  PrintList("sgemmSeconds", theirs);
  std::printf("}\n");
  return 0;
}
