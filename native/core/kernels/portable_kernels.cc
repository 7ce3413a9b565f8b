#include "core/kernels/kernel_template.h"

namespace annsmith {

// Fits 16 registers of 128 bits; where there are none the compiler falls back to single floats.
const KernelSet kPortableKernels = MakeKernelSet<Kernels<4, 4, 2>, 4>("portable");

}  // namespace annsmith
