#include "addon/exact_knn_worker.h"

#include <atomic>
#include <cmath>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "core/exact_knn.h"
#include "core/fbin_file.h"
#include "core/truth_file.h"

namespace annsmith {
namespace {

constexpr double kMaxNeighbours = 10000;
constexpr double kMaxThreads = 1024;

struct Request {
  std::string base_path;
  std::string query_path;
  std::string out_path;
  Metric metric = Metric::kEuclidean;
  size_t k = 0;
  unsigned threads = 0;
  size_t rows = 0;  // 0: all
};

Napi::TypeError Invalid(Napi::Env env, const std::string& field, const std::string& expected) {
  return Napi::TypeError::New(env, "exactKnn: " + field + " must be " + expected);
}

std::string TextField(const Napi::Object& object, const char* field) {
  const Napi::Value value = object.Get(field);
  if (!value.IsString()) throw Invalid(object.Env(), field, "a string");
  const std::string text = value.As<Napi::String>().Utf8Value();
  if (text.empty() || text.find('\0') != std::string::npos) {
    throw Invalid(object.Env(), field, "a non-empty string without null characters");
  }
  return text;
}

double IntegerField(const Napi::Object& object, const char* field, double largest) {
  const Napi::Value value = object.Get(field);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
  if (!(number >= 1 && number <= largest) || number != std::floor(number)) {
    throw Invalid(object.Env(), field,
                  "an integer from 1 to " + std::to_string(static_cast<uint64_t>(largest)));
  }
  return number;
}

Request ParseRequest(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsObject()) throw Invalid(info.Env(), "options", "one object");
  const Napi::Object object = info[0].As<Napi::Object>();
  Request request;
  request.base_path = TextField(object, "basePath");
  request.query_path = TextField(object, "queryPath");
  request.out_path = TextField(object, "outPath");
  const std::string metric = TextField(object, "metric");
  if (metric == "euclidean") {
    request.metric = Metric::kEuclidean;
  } else if (metric == "angular") {
    request.metric = Metric::kAngular;
  } else if (metric == "ip") {
    request.metric = Metric::kInnerProduct;
  } else {
    throw Invalid(info.Env(), "metric", "euclidean, angular or ip, not " + metric);
  }
  request.k = static_cast<size_t>(IntegerField(object, "k", kMaxNeighbours));
  request.threads = static_cast<unsigned>(IntegerField(object, "threads", kMaxThreads));
  if (!object.Get("rows").IsUndefined()) {
    request.rows = static_cast<size_t>(IntegerField(object, "rows", UINT32_MAX - 1.0));
  }
  return request;
}

class ExactKnnWorker : public Napi::AsyncProgressWorker<double> {
 public:
  ExactKnnWorker(Napi::Env env, Request request, std::shared_ptr<std::atomic<bool>> cancelled,
                 Napi::Function on_progress)
      : Napi::AsyncProgressWorker<double>(env),
        request_(std::move(request)),
        cancelled_(std::move(cancelled)),
        deferred_(Napi::Promise::Deferred::New(env)) {
    if (!on_progress.IsEmpty()) on_progress_ = Napi::Persistent(on_progress);
  }

  Napi::Promise Promise() const { return deferred_.Promise(); }

 protected:
  void Execute(const ExecutionProgress& progress) override {
    try {
      Compute(progress);
    } catch (const std::exception& failure) {
      SetError(std::string("exactKnn: ") + failure.what());
    }
  }

  void OnProgress(const double* fractions, size_t count) override {
    if (on_progress_.IsEmpty() || fractions == nullptr || count == 0) return;
    on_progress_.Call({Napi::Number::New(Env(), fractions[count - 1])});
  }

  void OnOK() override {
    Napi::Object summary = Napi::Object::New(Env());
    summary.Set("queries", static_cast<double>(queries_));
    summary.Set("k", static_cast<double>(request_.k));
    summary.Set("widened", static_cast<double>(widened_));
    summary.Set("scanned", static_cast<double>(scanned_));
    deferred_.Resolve(summary);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  void Compute(const ExecutionProgress& progress) {
    FbinFile base;
    FbinFile queries;
    std::string error;
    if (!base.Open(request_.base_path, &error) || !queries.Open(request_.query_path, &error)) {
      return SetError(error);
    }
    if (base.dim() != queries.dim()) {
      return SetError(request_.query_path + ": dim " + std::to_string(queries.dim()) +
                      " differs from dim " + std::to_string(base.dim()) + " of " +
                      request_.base_path);
    }
    const size_t rows = request_.rows > 0 ? request_.rows : base.rows();
    if (rows > base.rows() || base.rows() >= kNoId) {
      return SetError("exactKnn: rows is " + std::to_string(rows) + ", but " + request_.base_path +
                      " has " + std::to_string(base.rows()));
    }
    KnnOptions options;
    options.k = request_.k;
    options.threads = request_.threads;
    options.cancelled = cancelled_.get();
    options.progress = [&](double fraction) { progress.Send(&fraction, 1); };
    const KnnResult result =
        ExactKnn({base.data(), rows, base.dim()}, {queries.data(), queries.rows(), queries.dim()},
                 request_.metric, options);
    if (result.cancelled) return SetError("cancelled");
    queries_ = queries.rows();
    widened_ = result.widened;
    scanned_ = result.scanned;
    if (!WriteTruthFile(request_.out_path, result, &error)) SetError(error);
  }

  const Request request_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  const Napi::Promise::Deferred deferred_;
  Napi::FunctionReference on_progress_;
  size_t queries_ = 0;
  size_t widened_ = 0;
  size_t scanned_ = 0;
};

}  // namespace

Napi::Value StartExactKnn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Request request = ParseRequest(info);
  Napi::Function on_progress;
  const Napi::Value listener = info[0].As<Napi::Object>().Get("onProgress");
  if (!listener.IsUndefined()) {
    if (!listener.IsFunction()) throw Invalid(env, "onProgress", "a function");
    on_progress = listener.As<Napi::Function>();
  }
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  // Owned by Node's queue from Queue() on; it deletes itself when done.
  auto* worker = new ExactKnnWorker(env, std::move(request), cancelled, on_progress);
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", worker->Promise());
  handle.Set("cancel", Napi::Function::New(env, [cancelled](const Napi::CallbackInfo&) {
               cancelled->store(true);
             }));
  worker->Queue();
  return handle;
}

}  // namespace annsmith
