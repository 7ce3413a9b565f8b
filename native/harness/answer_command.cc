#include <algorithm>

#include "harness/answer_audit.h"
#include "harness/answer_check.h"
#include "harness/answer_rows.h"
#include "harness/commands.h"
#include "harness/process_facts.h"

namespace annsmith::harness {
namespace {

// What an audit finds must show in this many fresh processes: a machine under load has bad moments.
constexpr int kAudits = 3;

struct AnswerFields {
  uint32_t k = 0;
  uint32_t ef = 0;
  RowRange rows;
  uint64_t order = 0;
  std::vector<uint64_t> warm;
};

AnswerFields ReadFields(const Session& session, Command* command) {
  AnswerFields fields;
  const SearchFields search = ReadSearchFields(session, command);
  fields.k = search.k;
  fields.rows = search.rows;
  fields.ef = static_cast<uint32_t>(command->Integer("ef", 1, UINT32_MAX));
  fields.order = command->IntegerOr("order", 0, UINT64_MAX, 0);
  if (command->Has("warm")) {
    const RowRange rows = command->Rows("warm", session.data->queries());
    fields.warm = OrderedRows(rows.start, rows.count, 0);
  }
  return fields;
}

struct Pass {
  std::unique_ptr<SearchProcess> process;
  AnswersByRow answers;
  uint64_t rss_before = 0;
  uint64_t rss_after = 0;
  std::optional<Audit> audit;
};

Outcome<Pass> RunPass(HostProcess* host, const Dataset& data, const AnswerFields& fields,
                      Deadline deadline) {
  auto started = SearchProcess::Start(host, fields.k, fields.ef, {kMostInBatch}, deadline);
  if (!started.ok()) return started.failure();
  Pass pass = {std::move(started.value()), AnswersByRow(fields.rows.count, fields.k), 0, 0, {}};
  SearchProcess* process = pass.process.get();
  auto warmed = AnswerRows(process, data, fields.warm, fields.k, 0, deadline, nullptr);
  if (!warmed.ok()) return warmed.failure();
  pass.rss_before = AnonymousBytes(process->pid());
  // The order and the warm-up are checks of their own.
  const bool plain = fields.order == 0 && fields.warm.empty();
  const bool sanitized = host->settings().sanitizer != Sanitizer::kNone;
  if (plain && !sanitized && fields.rows.count >= kFewestAudited) {
    const AuditedPass audited = {host,     &data,    fields.rows.start, fields.rows.count,
                                 fields.k, fields.ef};
    auto audit = RunAudited(audited, process, &pass.answers, deadline);
    if (!audit.ok()) return audit.failure();
    pass.audit = audit.value();
  } else {
    auto answered =
        AnswerRows(process, data, OrderedRows(fields.rows.start, fields.rows.count, fields.order),
                   fields.k, fields.rows.start, deadline, &pass.answers);
    if (!answered.ok()) return answered.failure();
  }
  pass.rss_after = AnonymousBytes(process->pid());
  return pass;
}

// The first pass, with a failure where every one of several audits finds something.
Outcome<Pass> RunPasses(HostProcess* host, const Dataset& data, const AnswerFields& fields,
                        Deadline deadline) {
  const AuditedPass audited = {host,     &data,    fields.rows.start, fields.rows.count,
                               fields.k, fields.ef};
  std::optional<Failure> found;
  for (int audits = 0; audits < kAudits; ++audits) {
    auto pass = RunPass(host, data, fields, deadline);
    if (!pass.ok() || !pass.value().audit) return pass;
    found = JudgeAudit(audited, *pass.value().audit);
    if (!found) return pass;
  }
  return *found;
}

}  // namespace

Outcome<JsonObject> RunAnswer(Session* session, Command* command, Deadline deadline) {
  auto found = OpenSide(session, command);
  if (!found.ok()) return found.failure();
  HostProcess* host = found.value();
  const Dataset& data = *session->data;
  const AnswerFields fields = ReadFields(*session, command);
  if (auto finished = command->Finish(); !finished.ok()) return finished.failure();
  if (auto fits = CheckNeighbours(*session, *host, fields.k); !fits.ok()) return fits.failure();

  auto ran = RunPasses(host, data, fields, deadline);
  if (!ran.ok()) return ran.failure();
  const Pass& pass = ran.value();
  const unsigned threads = ThreadCount(pass.process->pid());
  const uint32_t k = fields.k;
  AnswerBook& book = session->BookOf(*host);
  AnswerCheck check(data, host->settings().rows, k);
  std::vector<uint8_t> hits;
  for (uint64_t i = 0; i < fields.rows.count; ++i) {
    const uint64_t row = fields.rows.start + i;
    const uint32_t* ids = &pass.answers.ids[i * k];
    hits.push_back(static_cast<uint8_t>(
        check.Check(row, pass.answers.statuses[i], ids, &pass.answers.distances[i * k])));
    book.Keep(fields.ef, k, row, ids);
  }
  JsonObject reply;
  reply.Integer("queries", fields.rows.count).Number("recall", check.Recall());
  reply.Text("hits", Base64(hits));
  reply.Number("secondsPerQuery", pass.answers.seconds / static_cast<double>(fields.rows.count));
  if (pass.audit) reply.Number("singleSeconds", pass.audit->known_seconds);
  reply.Text("answersHash", HashAnswers(pass.answers.ids));
  reply.Text("distancesHash", HashDistances(pass.answers.distances));
  reply.Raw("violations", check.violations().Json());
  if (check.first()) {
    FirstViolation first = *check.first();
    if (first.kind == "status") first.error_text = pass.process->ErrorText();
    reply.Raw("firstViolation", first.Json());
  }
  reply.Integer("threads", threads);
  reply.Integer("rssBefore", pass.rss_before).Integer("rssAfter", pass.rss_after);
  return reply;
}

}  // namespace annsmith::harness
