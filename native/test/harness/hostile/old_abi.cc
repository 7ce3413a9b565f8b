// A library of another time: it says a version that the harness does not speak.

#include "include/annsmith/abi.h"

uint32_t annsmith_abi_version(void) { return ANNSMITH_ABI_VERSION + 1; }
