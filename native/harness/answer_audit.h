#ifndef ANNSMITH_HARNESS_ANSWER_AUDIT_H_
#define ANNSMITH_HARNESS_ANSWER_AUDIT_H_

#include <cstdint>
#include <optional>

#include "harness/answer_rows.h"
#include "harness/dataset.h"
#include "harness/host_process.h"
#include "harness/search_process.h"

namespace annsmith::harness {

// What answering is asked for, over consecutive rows in their order.
struct AuditedPass {
  HostProcess* host;
  const Dataset* data;
  uint64_t first_row;
  uint64_t rows;
  uint32_t k;
  uint32_t ef;
};

// What a pass costs, and where it would be cheaper than it should.
struct Audit {
  // CPU seconds that the first half of the rows took beyond what the second half explains.
  double early_seconds = 0;
  // Medians over single queries: some that were answered before in the same process, and others
  // that differ from such by a little noise.
  double known_seconds = 0;
  double unseen_seconds = 0;
  // Share of the neighbours of a known query that its noisy twin has too.
  double overlap = 1;
  uint64_t search_bytes = 0;  // that the process holds beyond the index
};

// Below this many rows a pass is too short to be audited.
constexpr uint64_t kFewestAudited = 64;

// Answers the rows in a fresh process and looks for work that was put elsewhere: into the first
// searches, which are never timed, or into a memory of queries. `kept` and `process` are the
// caller's to read afterwards.
Outcome<Audit> RunAudited(const AuditedPass& pass, SearchProcess* process, AnswersByRow* kept,
                          Deadline deadline);

// What an audit proves, if anything: reasons `lazy`, `memorised`, `memory`.
std::optional<Failure> JudgeAudit(const AuditedPass& pass, const Audit& audit);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_ANSWER_AUDIT_H_
