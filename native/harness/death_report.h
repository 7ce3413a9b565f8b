#ifndef ANNSMITH_HARNESS_DEATH_REPORT_H_
#define ANNSMITH_HARNESS_DEATH_REPORT_H_

#include <string>

#include "harness/failure.h"
#include "harness/shared_area.h"

namespace annsmith::harness {

// Everything that is known about the end of a process.
struct Death {
  int status = 0;          // as waitpid gives it
  std::string error_text;  // the end of its standard error
  bool sanitized = false;
  bool in_search = false;  // else while it loaded, built or prepared
  // The fault handler's notes, copied from shared memory.
  int fault_signal = 0;
  bool fault_clock = false;
  long fault_call = -1;
  uint64_t fault_address = 0;
  std::string fault_place;
  std::string fault_path;
};

// Copies the notes out of shared memory and clears them there.
void TakeFaultNotes(Reply* reply, Death* death);

// Reason and sentence for a death; stage and side are the caller's to fill in.
Failure ExplainDeath(const Death& death);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_DEATH_REPORT_H_
