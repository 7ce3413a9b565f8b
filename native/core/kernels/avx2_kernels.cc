#include "core/kernels/kernel_template.h"

namespace annsmith {

// 12 sums, two base vectors and a broadcast query value: 15 of 16 registers.
const KernelSet kAvx2Kernels = MakeKernelSet<Kernels<8, 6, 2>, 6>("avx2");

}  // namespace annsmith
