#include <unistd.h>

#include <fstream>

#include "core/cpu_info.h"
#include "harness/commands.h"
#include "harness/landlock.h"
#include "harness/process_facts.h"

namespace annsmith::harness {
namespace {

// always, madvise or never, as the system is set; empty where it does not say.
std::string HugePageMode() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  std::getline(file, line);
  const size_t open = line.find('[');
  const size_t close = line.find(']');
  return open == std::string::npos || close == std::string::npos
             ? ""
             : line.substr(open + 1, close - open - 1);
}

}  // namespace

Outcome<JsonObject> RunHello(Session* session, Command* command, Deadline) {
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  const CpuInfo info = ReadCpuInfo();
  std::vector<std::string> isa;
  for (const std::string& name : info.isa) isa.push_back(JsonText(name));
  JsonObject cpu;
  cpu.Text("model", info.model).Raw("isa", JsonArray(isa));
  // The supervisor has confined itself to one core; what counts is what it found.
  cpu.Integer("cores", session->cores.allowed.size()).Integer("llcBytes", info.llc_bytes);
  JsonObject pinned;
  pinned.Signed("supervisor", session->cores.supervisor).Signed("search", session->cores.search);
  JsonObject reply;
  reply.Integer("version", 1).Integer("abi", ANNSMITH_ABI_VERSION).Signed("pid", getpid());
  reply.Raw("cpu", cpu.str()).Bool("fork", true).Raw("pinned", pinned.str());
  reply.Signed("landlockAbi", LandlockAbi()).Text("thp", HugePageMode());
  return reply;
}

Outcome<JsonObject> RunData(Session* session, Command* command, Deadline) {
  const std::string base = command->Text("base");
  const std::string queries = command->Text("queries");
  const std::string truth = command->Text("truth");
  const std::string metric = command->Text("metric");
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (session->a || session->b) return UsageFailure("close both sides before data is replaced");
  annsmith_metric value = ANNSMITH_EUCLIDEAN;
  if (metric == "angular") {
    value = ANNSMITH_ANGULAR;
  } else if (metric == "ip") {
    value = ANNSMITH_INNER_PRODUCT;
  } else if (metric != "euclidean") {
    return UsageFailure("metric must be euclidean, angular or ip, not \"" + metric + "\"");
  }
  auto opened = Dataset::Open(base, queries, truth, value);
  if (!opened.ok()) return opened.failure();
  session->data = std::move(opened.value());
  session->books.clear();
  const Dataset& data = *session->data;
  JsonObject reply;
  reply.Integer("n", data.n()).Integer("dim", data.dim());
  reply.Integer("queries", data.queries()).Integer("truthK", data.truth_k());
  return reply;
}

Outcome<JsonObject> RunMemory(Session* session, Command* command, Deadline deadline) {
  auto host = OpenSide(session, command);
  if (!host.ok()) return host.failure();
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  // Candidate code runs once more, in the process that later rounds are forked from: the queries of
  // earlier ones are none of its business, and work is charged to nothing by now.
  if (!host.value()->area().Clear()) {
    return host.value()->Fail("prepare", "io", "shared memory cannot be emptied");
  }
  auto answer = host.value()->Obey(Order::kMemory, 0, "prepare", deadline);
  if (!answer.ok()) return answer.failure();
  const MemoryFacts facts = ReadMemoryFacts(host.value()->pid());
  JsonObject reply;
  reply.Integer("memoryBytes", answer.value().value).Integer("rssBytes", facts.rss_bytes);
  reply.Integer("anonymousBytes", host.value()->HeldBytes());
  reply.Integer("hugePageBytes", facts.huge_page_bytes);
  return reply;
}

Outcome<JsonObject> RunClose(Session* session, Command* command, Deadline) {
  const std::string side = command->Text("side");
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (side != "a" && side != "b") return UsageFailure("side must be a or b");
  session->Slot(side).reset();
  return JsonObject();
}

}  // namespace annsmith::harness
