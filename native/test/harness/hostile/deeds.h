#ifndef ANNSMITH_TEST_HARNESS_HOSTILE_DEEDS_H_
#define ANNSMITH_TEST_HARNESS_HOSTILE_DEEDS_H_

#include <string>

#include "test/harness/libraries/brute_force.h"

namespace annsmith::test {

// A brute-force index that does one wrong thing, named by the parameter {"deed": "..."}.
class Hostile : public BruteForce {
 public:
  using BruteForce::BruteForce;

 protected:
  bool Does(const char* deed) const {
    return params_.find("\"" + std::string(deed) + "\"") != std::string::npos;
  }
};

}  // namespace annsmith::test

#endif  // ANNSMITH_TEST_HARNESS_HOSTILE_DEEDS_H_
