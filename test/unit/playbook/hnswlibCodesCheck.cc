// Searches hnswlib by codes in every way that its class offers and prints one line per set: name,
// recall@10 by vectors, by codes, and by codes with all elements found. Exits 1, with a line on the error output, where an answer is
// false or a search takes the wrong way.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hnswlib.h"

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;
using Answer = std::vector<std::pair<float, hnswlib::labeltype>>;

constexpr std::size_t kQueries = 60;
constexpr std::size_t kResults = 10;
constexpr std::size_t kMostRanked = 4 * kResults;

bool good = true;

void Expect(bool holds, const std::string& what) {
  if (!holds) std::fprintf(stderr, "%s\n", what.c_str());
  good = good && holds;
}

// Clusters, so that there are near ties, with a few values far out.
std::vector<float> Clusters(std::size_t rows, std::size_t dim, std::uint32_t seed) {
  std::mt19937 centres(7), generator(seed);
  std::normal_distribution<float> normal(0.2F, 1.0F), noise(0.0F, 0.3F);
  std::vector<float> means(20 * dim);
  for (float& value : means) value = normal(centres);
  std::vector<float> made(rows * dim);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* mean = means.data() + generator() % 20 * dim;
    for (std::size_t j = 0; j < dim; ++j) made[i * dim + j] = mean[j] + noise(generator);
    if (i % 50 == 0) made[i * dim] *= 4;
  }
  return made;
}

// Calls of the distance between vectors: the codes' search makes few.
std::size_t calls = 0;
hnswlib::DISTFUNC<float> counted = nullptr;
float Count(const void* a, const void* b, const void* parameter) {
  ++calls;
  return counted(a, b, parameter);
}

struct OddLabels : hnswlib::BaseFilterFunctor {
  bool operator()(hnswlib::labeltype label) override { return label % 2 == 1; }
};

struct Checked {
  std::string name;
  std::size_t dim;
  std::vector<float> queries;

  const float* query(std::size_t q) const { return queries.data() + q * dim; }

  std::vector<Answer> Ask(Graph& graph, hnswlib::BaseFilterFunctor* filter = nullptr) const {
    std::vector<Answer> answers;
    for (std::size_t q = 0; q < kQueries; ++q) {
      answers.push_back(graph.searchKnnCloserFirst(query(q), kResults, filter));
    }
    return answers;
  }

  // Of the codes' search: few distances between vectors, and those are what it answers.
  std::vector<Answer> AskByCodes(Graph& graph, const std::string& when) const {
    counted = graph.fstdistfunc_;
    graph.fstdistfunc_ = Count;
    std::vector<Answer> answers;
    for (std::size_t q = 0; q < kQueries; ++q) {
      calls = 0;
      answers.push_back(graph.searchKnnCloserFirst(query(q), kResults));
      Expect(calls >= kResults && calls <= kMostRanked, name + ": vectors compared " + when);
    }
    graph.fstdistfunc_ = counted;
    for (std::size_t q = 0; q < kQueries; ++q) {
      const Answer& answer = answers[q];
      Expect(answer.size() == kResults, name + ": too few answers " + when);
      Expect(std::is_sorted(answer.begin(), answer.end()), name + ": answers out of order " + when);
      for (const auto& [distance, label] : answer) {
        Expect(distance == Exact(graph, q, graph.label_lookup_.at(label)), name + ": false distance " + when);
      }
    }
    return answers;
  }

  // The way by vectors, while there are codes.
  std::vector<Answer> AskByVectors(Graph& graph) const {
    const std::size_t coded = graph.coded_element_count_;
    graph.coded_element_count_ = 0;
    const std::vector<Answer> answers = Ask(graph);
    graph.coded_element_count_ = coded;
    return answers;
  }

  float Exact(const Graph& graph, std::size_t q, hnswlib::tableint id) const {
    return graph.fstdistfunc_(query(q), graph.getDataByInternalId(id), graph.dist_func_param_);
  }

  double Recall(const Graph& graph, const std::vector<Answer>& answers) const {
    std::size_t hits = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      std::vector<float> all;
      for (hnswlib::tableint id = 0; id < graph.cur_element_count; ++id) all.push_back(Exact(graph, q, id));
      std::sort(all.begin(), all.end());
      for (const auto& found : answers[q]) hits += found.first <= all[kResults - 1];
    }
    return static_cast<double>(hits) / (kQueries * kResults);
  }
};

void Check(const std::string& name, std::size_t rows, std::size_t dim, hnswlib::SpaceInterface<float>* space,
           const std::string& file) {
  const std::vector<float> base = Clusters(rows, dim, 1);
  const Checked set{name, dim, Clusters(kQueries, dim, 2)};
  const std::size_t most = rows - 100;
  Graph graph(space, most, 16, 100, 42);
  graph.makeCodes(space);
  Expect(graph.searchKnn(set.query(0), kResults).empty(), name + ": answers of an empty index");
  for (std::size_t label = 0; label < most; ++label) graph.addPoint(base.data() + label * dim, label);
  graph.setEf(80);

  const std::vector<Answer> plain = set.Ask(graph);
  graph.makeCodes(space);
  Expect(graph.codes_.bytes() >= most * 64, name + ": no codes");
  const std::vector<Answer> coded = set.AskByCodes(graph, "at first");
  const double before = set.Recall(graph, plain), after = set.Recall(graph, coded);
  // With all elements in the pool codes and ranking decide alone.
  graph.setEf(most);
  const double widest = set.Recall(graph, set.AskByCodes(graph, "with the widest beam"));
  std::printf("%s %.4f %.4f %.4f\n", name.c_str(), before, after, widest);
  graph.setEf(1);
  set.AskByCodes(graph, "with the narrowest beam");
  Expect(graph.searchKnn(set.query(0), 0).empty(), name + ": answers for k = 0");
  Expect(graph.searchKnn(set.query(0), most + 5).size() <= most, name + ": more answers than elements");
  graph.setEf(80);

  OddLabels odd;
  for (const Answer& answer : set.Ask(graph, &odd)) {
    const bool all = std::all_of(answer.begin(), answer.end(), [](const auto& one) { return one.second % 2 == 1; });
    Expect(all && answer.size() == kResults, name + ": a filter is not heeded");
  }
  graph.markDelete(coded[0][0].second);
  const std::vector<Answer> without = set.Ask(graph);
  Expect(without == set.AskByVectors(graph), name + ": deleted elements change answers");
  Expect(without[0][0].second != coded[0][0].second, name + ": a deleted element is found");
  graph.unmarkDelete(coded[0][0].second);
  Expect(set.AskByCodes(graph, "after deletion was undone") == coded, name + ": undone deletion");

  std::vector<std::vector<Answer>> answers(4);
  std::vector<std::thread> threads;
  for (auto& mine : answers) threads.emplace_back([&] { mine = set.Ask(graph); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : answers) Expect(mine == coded, name + ": threads disagree");

  graph.saveIndex(file);
  Graph loaded(space, file);
  loaded.setEf(80);
  Expect(set.Ask(loaded) == plain, name + ": loaded without codes");
  loaded.makeCodes(space);
  Expect(set.AskByCodes(loaded, "after loading") == coded, name + ": loaded with codes");

  // A vector that changes: the codes are of the old one until they are made again.
  graph.addPoint(set.query(3), 5);
  Expect(set.Ask(graph) == set.AskByVectors(graph), name + ": codes of an old vector");
  graph.saveIndex(file);
  loaded.loadIndex(file, space);
  loaded.setEf(80);
  Expect(set.Ask(loaded) == set.AskByVectors(loaded), name + ": codes of an index that was loaded before");
  graph.makeCodes(space);
  const auto found = set.AskByCodes(graph, "after a change")[3];
  Expect(std::any_of(found.begin(), found.end(), [](const auto& one) { return one.second == 5; }),
         name + ": the new vector is not found");

  graph.resizeIndex(rows);
  set.AskByCodes(graph, "after growing");
  for (std::size_t label = most; label < rows; ++label) graph.addPoint(base.data() + label * dim, label);
  Expect(set.Ask(graph) == set.AskByVectors(graph), name + ": codes of fewer elements");
  graph.makeCodes(space);
  set.AskByCodes(graph, "when complete");
}

// Vectors of one value: a range of no width.
void CheckConstant() {
  hnswlib::L2Space space(64);
  Graph graph(&space, 20);
  const std::vector<float> row(64, 3.5F);
  for (std::size_t label = 0; label < 20; ++label) graph.addPoint(row.data(), label);
  graph.makeCodes(&space);
  const auto found = graph.searchKnn(row.data(), 5);
  Expect(found.size() == 5 && found.top().first == 0, "constant vectors");
}

struct OtherSpace : hnswlib::L2Space {
  using hnswlib::L2Space::L2Space;
};

struct HalvedSpace : hnswlib::SpaceInterface<float> {
  std::size_t dim = 64;
  std::size_t get_data_size() override { return dim * 2; }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return [](const void*, const void*, const void*) { return 0.0F; };
  }
  void* get_dist_func_param() override { return &dim; }
};

template <typename Distance>
bool Refuses(hnswlib::SpaceInterface<Distance>* space) {
  hnswlib::HierarchicalNSW<Distance> graph(space, 4);
  const std::vector<float> row(64, 1.0F);
  graph.addPoint(row.data(), 0);
  try {
    graph.makeCodes(space);
  } catch (const std::runtime_error&) {
    return graph.searchKnn(row.data(), 1).size() == 1;
  }
  return false;
}

}  // namespace

int main(int, char** arguments) {
  const std::string file = std::string(arguments[0]) + ".index";
  hnswlib::L2Space euclidean(200);
  Check("euclidean-200", 1500, 200, &euclidean, file);
  OtherSpace odd(67);
  Check("euclidean-67", 1200, 67, &odd, file);
  hnswlib::InnerProductSpace inner_product(100);
  Check("inner-product-100", 1500, 100, &inner_product, file);
  std::remove(file.c_str());
  CheckConstant();
  hnswlib::L2SpaceI bytes(64);
  Expect(Refuses<int>(&bytes), "codes of bytes");
  HalvedSpace halved;
  Expect(Refuses<float>(&halved), "codes of an unknown space");
  return good ? 0 : 1;
}
