#ifndef ANNSMITH_HARNESS_COMMANDS_H_
#define ANNSMITH_HARNESS_COMMANDS_H_

#include "harness/session.h"

namespace annsmith::harness {

// The commands of the line protocol, one source file each. A handler reads the command's fields,
// works until the deadline at most, and returns the fields of the reply. A failure that names a
// side means that the side is to be closed.
using Handler = Outcome<JsonObject> (*)(Session*, Command*, Deadline);

Outcome<JsonObject> RunHello(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunLock(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunUnlock(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunData(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunOpen(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunAnswer(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunRound(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunLatency(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunThroughput(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunOverhead(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunMemory(Session* session, Command* command, Deadline deadline);
Outcome<JsonObject> RunClose(Session* session, Command* command, Deadline deadline);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_COMMANDS_H_
