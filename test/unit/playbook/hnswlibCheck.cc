// Uses what hnswlib offers on small random sets and prints one line per case: name, recall@10
// against brute force over the points that may be returned, and a digest of labels and distances.
// Two versions of hnswlib with the same lines answer alike. Exits 1 where an answer is false.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hnswlib.h"

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;
using Answer = std::vector<std::pair<float, hnswlib::labeltype>>;
using Allowed = std::function<bool(hnswlib::labeltype)>;

constexpr std::size_t kQueries = 40;
constexpr std::size_t kResults = 10;

struct Filter : hnswlib::BaseFilterFunctor {
  explicit Filter(Allowed allowed) : allowed_(std::move(allowed)) {}
  bool operator()(hnswlib::labeltype label) override { return allowed_(label); }
  Allowed allowed_;
};

std::vector<float> Gaussian(std::size_t values, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.2F, 1.0F);
  std::vector<float> made(values);
  for (float& value : made) value = normal(generator);
  return made;
}

struct Set {
  std::size_t dim;
  bool euclidean;
  std::vector<float> base;
  std::vector<float> queries;

  const float* row(std::size_t label) const { return base.data() + label * dim; }
  const float* query(std::size_t q) const { return queries.data() + q * dim; }
  std::size_t size() const { return base.size() / dim; }
  double Exact(std::size_t q, std::size_t label) const {
    double sum = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double a = query(q)[i], b = row(label)[i];
      sum += euclidean ? (a - b) * (a - b) : -a * b;
    }
    return euclidean ? sum : 1 + sum;
  }
};

std::uint64_t Digest(const std::vector<Answer>& answers) {
  std::uint64_t digest = 1469598103934665603U;
  auto add = [&](std::uint64_t value) { digest = (digest ^ value) * 1099511628211U; };
  for (const Answer& answer : answers) {
    for (const auto& [distance, label] : answer) {
      std::uint32_t bits;
      std::memcpy(&bits, &distance, sizeof(bits));
      add(bits);
      add(label);
    }
  }
  return digest;
}

bool good = true;

void Print(const std::string& name, const Set& set, std::size_t rows, const Allowed& allowed,
           const std::vector<Answer>& answers, std::size_t results = kResults) {
  std::size_t hits = 0, wanted = 0;
  for (std::size_t q = 0; q < answers.size(); ++q) {
    std::vector<double> exact;
    for (std::size_t label = 0; label < rows; ++label) {
      if (allowed(label)) exact.push_back(set.Exact(q, label));
    }
    std::sort(exact.begin(), exact.end());
    const std::size_t count = std::min(results, exact.size());
    wanted += count;
    for (std::size_t i = 0; i < answers[q].size(); ++i) {
      const auto& [distance, label] = answers[q][i];
      const double truth = set.Exact(q, label);
      const bool ordered = i == 0 || answers[q][i - 1].first <= distance;
      good = good && allowed(label) && ordered && std::abs(truth - distance) < 1e-4 * (1 + std::abs(truth));
      hits += i < count && truth <= exact[count - 1] + 1e-9;
    }
  }
  std::printf("%s %.4f %016llx\n", name.c_str(), wanted == 0 ? 1.0 : static_cast<double>(hits) / wanted,
              static_cast<unsigned long long>(Digest(answers)));
}

std::vector<Answer> Search(const Graph& graph, const Set& set, hnswlib::BaseFilterFunctor* filter = nullptr) {
  std::vector<Answer> answers;
  for (std::size_t q = 0; q < kQueries; ++q) {
    answers.push_back(graph.searchKnnCloserFirst(set.query(q), kResults, filter));
  }
  return answers;
}

// The pool of visited lists is shared: every thread must get its own list and the same answers.
void CheckThreads(const std::string& name, const Graph& graph, const Set& set) {
  std::vector<std::vector<Answer>> answers(4);
  std::vector<std::thread> threads;
  for (auto& mine : answers) threads.emplace_back([&] { mine = Search(graph, set); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : answers) good = good && mine == answers[0];
  Print(name + "-threads", set, set.size(), [](auto) { return true; }, answers[0]);
}

void Check(const std::string& name, std::size_t rows, std::size_t dim, bool euclidean, const std::string& file) {
  const Set set{dim, euclidean, Gaussian(rows * dim, 1), Gaussian(kQueries * dim, 2)};
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  if (euclidean) {
    space = std::make_unique<hnswlib::L2Space>(dim);
  } else {
    space = std::make_unique<hnswlib::InnerProductSpace>(dim);
  }
  const Allowed all = [](auto) { return true; };
  const std::size_t half = rows / 2;
  Graph graph(space.get(), half, 8, 60, 42, true);
  for (std::size_t label = 0; label < half; ++label) graph.addPoint(set.row(label), label);
  graph.setEf(48);
  Print(name + "-half", set, half, all, Search(graph, set));

  graph.resizeIndex(rows);
  for (std::size_t label = half; label < rows; ++label) graph.addPoint(set.row(label), label);
  graph.setEf(64);
  Print(name + "-resized", set, rows, all, Search(graph, set));
  graph.setEf(1);
  Print(name + "-narrow", set, rows, all, Search(graph, set));
  graph.setEf(64);
  CheckThreads(name, graph, set);

  Filter odd([](hnswlib::labeltype label) { return label % 2 == 1; });
  Print(name + "-filtered", set, rows, odd.allowed_, Search(graph, set, &odd));
  Filter none([](hnswlib::labeltype) { return false; });
  Print(name + "-refused", set, rows, none.allowed_, Search(graph, set, &none));

  if (euclidean) {
    std::vector<Answer> answers;
    const float radius = static_cast<float>(dim) * 1.2F;
    for (std::size_t q = 0; q < kQueries; ++q) {
      hnswlib::EpsilonSearchStopCondition<float> stop(radius, 5, 200);
      answers.push_back(graph.searchStopConditionClosest(set.query(q), stop));
    }
    Print(name + "-epsilon", set, rows, all, answers);
  }

  const Allowed kept = [](hnswlib::labeltype label) { return label % 3 != 0; };
  for (std::size_t label = 0; label < rows; label += 3) graph.markDelete(label);
  Print(name + "-deleted", set, rows, kept, Search(graph, set));
  Print(name + "-deleted-filtered", set, rows, [&](auto label) { return kept(label) && label % 2 == 1; },
        Search(graph, set, &odd));

  graph.saveIndex(file);
  Graph loaded(space.get(), file, false, rows);
  loaded.setEf(64);
  Print(name + "-loaded", set, rows, kept, Search(loaded, set));
  for (std::size_t label = 0; label < rows; label += 3) loaded.unmarkDelete(label);
  Print(name + "-undeleted", set, rows, all, Search(loaded, set));
}

}  // namespace

int main(int, char** arguments) {
  const std::string file = std::string(arguments[0]) + ".index";
  Check("euclidean-48", 900, 48, true, file);
  Check("euclidean-33", 800, 33, true, file);
  Check("euclidean-272", 700, 272, true, file);
  Check("inner-product-20", 700, 20, false, file);
  std::remove(file.c_str());
  return good ? 0 : 1;
}
