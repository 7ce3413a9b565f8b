#ifndef ANNSMITH_HARNESS_COMMAND_H_
#define ANNSMITH_HARNESS_COMMAND_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "harness/failure.h"

namespace annsmith::harness {

// Consecutive rows of the queries file.
struct RowRange {
  uint64_t start = 0;
  uint64_t count = 0;
};

// One line of the protocol: `verb key=value ...`, values percent-encoded. The getters remember the
// first thing that is wrong, so that a handler reads all its fields and then asks `Finish` once;
// Finish also refuses keys nobody asked for.
class Command {
 public:
  static Outcome<Command> Parse(const std::string& line);

  const std::string& verb() const { return verb_; }
  bool Has(const std::string& key);

  std::string Text(const std::string& key);
  std::string TextOr(const std::string& key, const std::string& fallback);
  uint64_t Integer(const std::string& key, uint64_t least, uint64_t most);
  uint64_t IntegerOr(const std::string& key, uint64_t least, uint64_t most, uint64_t fallback);
  // A finite number of at least 0.
  double NumberOr(const std::string& key, double fallback);
  // `start:count` inside [0, limit), count at least 1.
  RowRange Rows(const std::string& key, uint64_t limit);

  Result Finish() const;

 private:
  const std::string* Find(const std::string& key);
  void Wrong(const std::string& key, const std::string& what);

  std::string verb_;
  std::map<std::string, std::string> values_;
  std::set<std::string> asked_;
  std::optional<Failure> wrong_;
};

// Percent-encoding of everything but unreserved characters, as encodeURIComponent does.
std::string PercentEncode(const std::string& text);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_COMMAND_H_
