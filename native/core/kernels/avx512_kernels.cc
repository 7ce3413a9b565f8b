#include "core/kernels/kernel_template.h"

namespace annsmith {

// 28 sums, two base vectors and a broadcast query value: 31 of 32 registers.
const KernelSet kAvx512Kernels = MakeKernelSet<Kernels<16, 14, 2>, 14>("avx512");

}  // namespace annsmith
