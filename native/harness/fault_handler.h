#ifndef ANNSMITH_HARNESS_FAULT_HANDLER_H_
#define ANNSMITH_HARNESS_FAULT_HANDLER_H_

#include "harness/shared_area.h"

namespace annsmith::harness {

// Notes the signal, the address, the place in the code and the denied system call in `reply` when
// this process faults, then lets it die of the fault. Process-wide; replaces handlers that
// candidate code may have set. What it notes is for the message only: the supervisor learns of the
// death itself from the kernel.
void InstallFaultHandlers(Reply* reply);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_FAULT_HANDLER_H_
