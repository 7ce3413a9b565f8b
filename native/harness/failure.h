#ifndef ANNSMITH_HARNESS_FAILURE_H_
#define ANNSMITH_HARNESS_FAILURE_H_

#include <string>
#include <utility>
#include <variant>

namespace annsmith::harness {

// Why a command did not succeed, in the words of the line protocol. Errors are values here; nothing
// throws.
struct Failure {
  std::string stage;  // load, create, build, import, prepare, export, search, data, protocol
  std::string
      reason;  // crash, timeout, memory, status, abi, graph, threads, exited, io, usage, ...
  std::string detail;  // one sentence or more for a person
  std::string side;    // "a", "b" or empty
};

// A value, or the failure that took its place.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return state_.index() == 0; }
  // REQUIRES: ok().
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  // REQUIRES: !ok().
  const Failure& failure() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

struct Nothing {};
using Result = Outcome<Nothing>;

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_FAILURE_H_
