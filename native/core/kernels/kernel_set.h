// The inner loops of exact kNN, one set per instruction set, chosen at run time.
//
// Invariant: a file that implements a set is compiled with flags of its own, so it may include
// nothing that defines inline functions with external linkage (the standard library's, for one):
// the linker could keep that file's copy and run it on a processor without those instructions.
#ifndef ANNSMITH_CORE_KERNELS_KERNEL_SET_H_
#define ANNSMITH_CORE_KERNELS_KERNEL_SET_H_

#include <stddef.h>
#include <stdint.h>

namespace annsmith {

// A base row that may belong to the answer. A smaller key is nearer.
struct Candidate {
  float key;
  uint32_t id;
};

// Functions without state; every one may be called from any thread.
struct KernelSet {
  const char* name;
  // Shape of the register tile: queries by base rows.
  size_t tile_queries;
  size_t tile_bases;

  // products[i * stride + j] (+)= sum over t < depth of queries[t * tile_queries + i] * bases[t *
  // tile_bases + j]. With `accumulate` false the old content of `products` is not read.
  void (*multiply_tile)(size_t depth, const float* queries, const float* bases, float* products,
                        size_t stride, bool accumulate);

  // Appends {bias[j] - products[j], first_id + j} for every j < count whose key is below `bound`;
  // returns how many. `out` has room for `count` more.
  size_t (*select_below)(const float* products, const float* bias, size_t count, float bound,
                         uint32_t first_id, Candidate* out);

  // Accumulated in double; the error is of the order dim * 2^-53.
  double (*inner_product)(const float* a, const float* b, size_t dim);
  double (*squared_distance)(const float* a, const float* b, size_t dim);
};

// Each is defined only where the build has its instruction set; ask AvailableKernels() instead.
extern const KernelSet kPortableKernels;
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
extern const KernelSet kNeonKernels;

}  // namespace annsmith

#endif  // ANNSMITH_CORE_KERNELS_KERNEL_SET_H_
