#ifndef ANNSMITH_HARNESS_SESSION_H_
#define ANNSMITH_HARNESS_SESSION_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/answer_book.h"
#include "harness/children.h"
#include "harness/command.h"
#include "harness/cores.h"
#include "harness/dataset.h"
#include "harness/failure.h"
#include "harness/host_process.h"
#include "harness/json_writer.h"
#include "harness/monotonic.h"

namespace annsmith::harness {

// What one supervisor holds between commands. One thread.
struct Session {
  Cores cores;
  Children children;
  std::optional<Dataset> data;
  std::unique_ptr<HostProcess> a;
  std::unique_ptr<HostProcess> b;
  int lock_file = -1;
  std::map<std::string, AnswerBook> books;
  // Sends a line that is not the final reply.
  std::function<void(const JsonObject&)> notify;

  // What this library has answered so far over the same graph, in whatever process.
  AnswerBook& BookOf(const HostProcess& host);

  std::unique_ptr<HostProcess>& Slot(const std::string& side) { return side == "b" ? b : a; }
};

// The side that a command names in `side=`, which must be open.
Outcome<HostProcess*> OpenSide(Session* session, Command* command);

// The fields that every command of searches has.
struct SearchFields {
  uint32_t k = 0;
  RowRange rows;
};
// REQUIRES: data is open (checked by OpenSide).
SearchFields ReadSearchFields(const Session& session, Command* command);
// `k` against the ground truth, the capacity of a hand-over and the protocol's one byte per query.
Result CheckNeighbours(const Session& session, const HostProcess& host, uint32_t k);

Failure UsageFailure(const std::string& detail);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_SESSION_H_
