#include "harness/session.h"

#include <algorithm>

namespace annsmith::harness {

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
