#include "harness/host.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "core/fbin_file.h"
#include "core/mapped_file.h"
#include "harness/command.h"
#include "harness/control.h"
#include "harness/fault_handler.h"
#include "harness/fault_in.h"
#include "harness/graph_file.h"
#include "harness/index_library.h"
#include "harness/lockdown.h"
#include "harness/search_loop.h"
#include "harness/shared_area.h"
#include "harness/trusted_calls.h"

namespace annsmith::harness {
namespace {

struct HostOptions {
  std::string library;
  std::string base;
  std::string graph;
  std::string params;
  uint64_t rows = 0;
  uint64_t threads = 1;
  int metric = ANNSMITH_EUCLIDEAN;
  pid_t supervisor = 0;
  LockdownOptions lockdown;
};

Outcome<HostOptions> ReadOptions(const std::string& line) {
  auto parsed = Command::Parse(line);
  if (!parsed.ok()) return parsed.failure();
  Command& command = parsed.value();
  HostOptions options;
  options.library = command.Text("lib");
  options.base = command.Text("base");
  options.graph = command.TextOr("graph", "");
  options.params = command.Text("params");
  options.rows = command.Integer("rows", 1, UINT32_MAX);
  options.threads = command.Integer("threads", 1, 1024);
  options.metric = static_cast<int>(command.Integer("metric", 0, 2));
  options.supervisor = static_cast<pid_t>(command.Integer("supervisor", 1, INT32_MAX));
  options.lockdown.scratch = command.Text("scratch");
  options.lockdown.readable = {options.library, options.base};
  options.lockdown.address_bytes = command.Integer("addressBytes", 0, UINT64_MAX);
  options.lockdown.cpu_seconds = command.Integer("cpuSeconds", 1, UINT64_MAX);
  options.lockdown.file_bytes = command.Integer("fileBytes", 0, UINT64_MAX);
  options.lockdown.sanitized = command.Integer("sanitized", 0, 2) != 0;
  options.lockdown.strict = command.Integer("strict", 0, 1) != 0;
  if (auto finished = command.Finish(); !finished.ok()) return finished.failure();
  return options;
}

class Host {
 public:
  explicit Host(HostOptions options) : options_(std::move(options)) {}

  // Serves orders until the supervisor hangs up.
  int Serve() {
    OrderMessage order;
    for (;;) {
      const long got = OnChannel(SYS_read, &order, sizeof(order));
      if (got == -EINTR) continue;
      if (got != sizeof(order) || order.magic != kControlMagic) return 0;
      answer_ = {};
      answer_.magic = kControlMagic;
      answer_.order = order.order;
      Obey(order);
      if (OnChannel(SYS_write, &answer_, sizeof(answer_)) != sizeof(answer_)) return 0;
    }
  }

 private:
  // The filter lets only the harness's own calls through to the channel.
  static long OnChannel(long call, void* message, size_t bytes) {
    return annsmith_trusted_call(call, kControlDescriptor, reinterpret_cast<long>(message),
                                 static_cast<long>(bytes), 0, 0, 0);
  }

  void Obey(const OrderMessage& order) {
    switch (order.order) {
      case Order::kLockDown:
        return MapFilesAndLockDown();
      case Order::kLoad:
        return Load();
      case Order::kCreate:
        return Check(
            library_->create(base_.dim_as_u32(), options_.metric, options_.params.c_str(), &index_),
            "annsmith_create");
      case Order::kBuild:
        return Check(library_->build(index_, base_.file.data(), options_.rows,
                                     static_cast<uint32_t>(options_.threads)),
                     "annsmith_build");
      case Order::kImport:
        Check(library_->import_graph(index_, base_.file.data(), options_.rows, &graph_.graph),
              "annsmith_import_graph");
        // The graph is the index's to copy: it is gone from here on, as the ABI says of everything
        // but the base.
        graph_file_ = MappedFile();
        return;
      case Order::kPrepare:
        return Check(library_->prepare(index_, base_.file.data(), options_.rows),
                     "annsmith_prepare");
      case Order::kMemory:
        answer_.value = library_->memory(index_);
        return;
      case Order::kExport:
      case Order::kSearch:
        return Fork(order);
    }
  }

  void MapFilesAndLockDown() {
    std::string error;
    if (!base_.file.Open(options_.base, &error)) return Fail("io", error);
    if (options_.rows > base_.file.rows()) {
      return Fail("io", options_.base + " has changed: it holds fewer rows than before");
    }
    auto area = SharedArea::Map(kSharedDescriptor, base_.dim_as_u32());
    if (!area.ok()) return Fail("io", area.failure().detail);
    area_ = std::move(area.value());
    if (!options_.graph.empty()) {
      if (!graph_file_.Open(options_.graph, &error)) return Fail("graph", error);
      if (auto wrong = ReadGraph(graph_file_.data(), graph_file_.size(), &graph_)) {
        return Fail("graph", options_.graph + ": " + *wrong);
      }
      if (graph_.graph.n != options_.rows) {
        return Fail("graph", options_.graph + ": field n is " + std::to_string(graph_.graph.n) +
                                 ", but the base has " + std::to_string(options_.rows) + " rows");
      }
    }
    // Waiting for a disk would look like sleeping, and be part of the build's time.
    FaultIn(base_.file.data(), options_.rows * base_.dim_as_u32() * sizeof(float));
    clock_pages_ = FindClockPages();
    if (options_.lockdown.strict) InstallFaultHandlers(&area_.reply());
    answer_.lockdown = LockDown(options_.lockdown);
  }

  void Load() {
    auto loaded = IndexLibrary::Load(options_.library);
    if (!loaded.ok()) return Fail(loaded.failure().reason.c_str(), loaded.failure().detail);
    library_ = loaded.value();
  }

  void Fork(const OrderMessage& order) {
    const long pid = annsmith_clone_sibling();
    if (pid < 0) {
      return Fail("io", std::string("a search process cannot be forked: ") +
                            std::strerror(static_cast<int>(-pid)));
    }
    if (pid == 0) {
      if (order.order == Order::kExport) Export();
      RunSearchLoop({&*library_, index_, &area_, base_.dim_as_u32(), base_.file.data(),
                     base_.Bytes(), options_.supervisor, (order.flags & kDenyClock) != 0,
                     (order.flags & kDenyCalls) != 0, &clock_pages_});
    }
    answer_.pid = static_cast<int32_t>(pid);
  }

  // In a process of its own, so that the host's memory stays what the index made of it.
  [[noreturn]] void Export() {
    if (!DieWithParent(options_.supervisor)) _exit(0);
    GraphCollector collector;
    const annsmith_graph_sink sink = collector.Sink();
    const int status = library_->export_graph(index_, &sink);
    const auto wrong = collector.Write(kExportDescriptor);
    std::string text;
    if (status != ANNSMITH_OK) text = StatusText("annsmith_export_graph", status);
    if (wrong) text += (text.empty() ? "" : "; ") + *wrong;
    if (!text.empty()) {
      std::snprintf(area_.reply().error_text, sizeof(area_.reply().error_text), "%s", text.c_str());
      _exit(1);
    }
    _exit(0);
  }

  std::string StatusText(const char* function, int status) const {
    const char* text = library_->last_error();
    return std::string(function) + "() returned " + std::to_string(status) +
           (text == nullptr || *text == '\0' ? "" : std::string(": ") + text);
  }

  void Check(int status, const char* function) {
    if (status == ANNSMITH_OK && index_ == nullptr)
      return Fail("status", "annsmith_create() made no index");
    if (status == ANNSMITH_OK) return;
    Fail(status == ANNSMITH_OUT_OF_MEMORY ? "memory" : "status", StatusText(function, status));
  }

  void Fail(const char* reason, const std::string& text) {
    answer_.failed = 1;
    std::snprintf(answer_.reason, sizeof(answer_.reason), "%s", reason);
    std::snprintf(answer_.text, sizeof(answer_.text), "%s", text.c_str());
  }

  struct Base {
    FbinFile file;
    uint32_t dim_as_u32() const { return static_cast<uint32_t>(file.dim()); }
    size_t Bytes() const { return file.rows() * file.dim() * sizeof(float); }
  };

  const HostOptions options_;
  Base base_;
  std::vector<AddressRange> clock_pages_;
  MappedFile graph_file_;
  GraphView graph_ = {};
  SharedArea area_;
  std::optional<IndexLibrary> library_;
  annsmith_index* index_ = nullptr;
  AnswerMessage answer_ = {};
};

}  // namespace

int RunHost(const std::string& line) {
  auto options = ReadOptions(line);
  if (!options.ok()) {
    std::fprintf(stderr, "%s\n", options.failure().detail.c_str());
    return 2;
  }
  if (!DieWithParent(options.value().supervisor)) return 0;
  return Host(std::move(options.value())).Serve();
}

}  // namespace annsmith::harness
