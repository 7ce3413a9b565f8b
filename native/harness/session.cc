#include "harness/session.h"

#include <sys/stat.h>

#include <algorithm>

namespace annsmith::harness {

namespace {

// The file as it is now: a path may mean another library in a minute.
std::string FileIdentity(const std::string& path) {
  struct stat status;
  if (path.empty() || stat(path.c_str(), &status) != 0) return path;
  return path + " " + std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace

AnswerBook& Session::BookOf(const HostProcess& host) {
  const HostSettings& settings = host.settings();
  std::string key = FileIdentity(settings.library) + "|" + FileIdentity(settings.graph) + "|" +
                    settings.base + "|" + settings.params + "|" + std::to_string(settings.rows);
  // Several threads build another graph each time.
  if (settings.graph.empty()) key += "|" + std::to_string(host.pid());
  return books[key];
}

Failure UsageFailure(const std::string& detail) { return {"protocol", "usage", detail, ""}; }

Outcome<HostProcess*> OpenSide(Session* session, Command* command) {
  const std::string side = command->Text("side");
  if (side != "a" && side != "b") return UsageFailure("side must be a or b");
  HostProcess* host = session->Slot(side).get();
  if (host == nullptr) return UsageFailure("side " + side + " is not open; send open first");
  return host;
}

SearchFields ReadSearchFields(const Session& session, Command* command) {
  SearchFields fields;
  fields.k = static_cast<uint32_t>(command->Integer("k", 1, SharedArea::kMostNeighbours));
  fields.rows = command->Rows("rows", session.data->queries());
  return fields;
}

Result CheckNeighbours(const Session& session, const HostProcess& host, uint32_t k) {
  const bool whole = host.settings().rows == session.data->n();
  const uint64_t wanted = std::min<uint64_t>(k, session.data->n());
  if (whole && wanted > session.data->truth_k()) {
    return UsageFailure("k is " + std::to_string(k) + ", but the truth file has " +
                        std::to_string(session.data->truth_k()) + " neighbours for each query");
  }
  return Nothing{};
}

}  // namespace annsmith::harness
