#ifndef ANNSMITH_HARNESS_FAULT_HANDLER_H_
#define ANNSMITH_HARNESS_FAULT_HANDLER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/shared_area.h"

namespace annsmith::harness {

struct AddressRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Notes the signal, the address, the place in the code and the denied system call in `reply` when
// this process faults, then lets it die of the fault. Process-wide; replaces handlers that
// candidate code may have set. What it notes is for the message only: the supervisor learns of the
// death itself from the kernel. A trapped open() of a file that tells nothing, or that the process
// may write, is made in the caller's place.
void InstallFaultHandlers(Reply* reply);

// From now on trapped opens may read these files and folders too.
void AllowReading(const std::vector<std::string>& paths);
// From now on every trapped open ends the process.
void DenyFiles();

// The pages through which the kernel tells the time without a system call. A fault in them is a
// look at the clock.
std::vector<AddressRange> FindClockPages();
// Does nothing where the kernel has sealed them.
void RemoveClockPages(const std::vector<AddressRange>& pages);

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_FAULT_HANDLER_H_
