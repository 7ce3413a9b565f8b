#include "core/kernels/kernel_template.h"

namespace annsmith {

// 24 sums, three base vectors and two of query values: 29 of 32 registers.
const KernelSet kNeonKernels = MakeKernelSet<Kernels<4, 8, 3>, 8>("neon");

}  // namespace annsmith
