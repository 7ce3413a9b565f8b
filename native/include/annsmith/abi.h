/* Annsmith C ABI, version 1.
 *
 * A workspace's adapter exports these functions from a shared library; the benchmark harness loads it.
 * Rules that hold for every function:
 *  - Errors are status codes, never exceptions across this boundary. annsmith_last_error() explains the last one.
 *  - Ids are the caller's: base row i is id i. A reordering inside the index is undone at the boundary.
 *  - `base` is row-major float32, n rows of dim values. It stays mapped, read-only and unchanged from the call that
 *    receives it until annsmith_destroy().
 *  - The index may start threads only inside annsmith_build(), at most `threads` of them, all joined before it returns.
 *  - The harness forks after prepare: nothing may depend on a thread, a clock or a file being open.
 */
#ifndef ANNSMITH_ABI_H_
#define ANNSMITH_ABI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ANNSMITH_ABI_VERSION 1u
#define ANNSMITH_NO_ID UINT32_MAX

#if defined(_WIN32)
#define ANNSMITH_EXPORT __declspec(dllexport)
#else
#define ANNSMITH_EXPORT __attribute__((visibility("default")))
#endif

typedef enum annsmith_status {
  ANNSMITH_OK = 0,
  ANNSMITH_INVALID_ARGUMENT = 1,
  ANNSMITH_OUT_OF_MEMORY = 2,
  ANNSMITH_UNSUPPORTED = 3,
  ANNSMITH_INTERNAL = 4
} annsmith_status;

/* What annsmith_search() returns as a distance; smaller is nearer.
 * Angular vectors (base and queries) arrive normalised to unit length. */
typedef enum annsmith_metric {
  ANNSMITH_EUCLIDEAN = 0,    /* squared Euclidean distance */
  ANNSMITH_ANGULAR = 1,      /* 1 - inner product of unit vectors */
  ANNSMITH_INNER_PRODUCT = 2 /* -inner product; negative distances are normal */
} annsmith_metric;

/* The canonical graph: what export writes and import reads. Lists are in node order, then level order: node 0 level 0,
 * node 0 level 1 (if levels[0] >= 1), ..., node 1 level 0, ... List j holds neighbours[offsets[j] .. offsets[j + 1]). */
typedef struct annsmith_graph {
  uint32_t n;
  uint32_t entry_point;
  uint32_t max_level;
  const uint8_t* levels;      /* n values: the top level of each node */
  const uint64_t* offsets;    /* sum(levels[i] + 1) + 1 values */
  const uint32_t* neighbours; /* offsets[last] values */
} annsmith_graph;

/* Where export writes: header once, then list once per (node, level), in the order above.
 * A non-zero return stops the export, which returns that value. */
typedef struct annsmith_graph_sink {
  void* context;
  int (*header)(void* context, uint32_t n, uint32_t entry_point, uint32_t max_level);
  int (*list)(void* context, uint32_t node, uint32_t level, const uint32_t* neighbours, uint32_t count);
} annsmith_graph_sink;

typedef struct annsmith_index annsmith_index;

ANNSMITH_EXPORT uint32_t annsmith_abi_version(void);

/* params: a JSON object with at least {"M": int, "efConstruction": int, "seed": int}; unknown keys are ignored. */
ANNSMITH_EXPORT int annsmith_create(uint32_t dim, int metric, const char* params, annsmith_index** out);

/* Builds the graph over base. Deterministic for threads == 1. */
ANNSMITH_EXPORT int annsmith_build(annsmith_index* index, const float* base, uint64_t n, uint32_t threads);

/* Takes the graph instead of building it. */
ANNSMITH_EXPORT int annsmith_import_graph(annsmith_index* index, const float* base, uint64_t n,
                                          const annsmith_graph* graph);
ANNSMITH_EXPORT int annsmith_export_graph(const annsmith_index* index, const annsmith_graph_sink* sink);

/* Called once after build or import: codes, reordering and metadata are made here. Its time counts as build time. */
ANNSMITH_EXPORT int annsmith_prepare(annsmith_index* index, const float* base, uint64_t n);

/* Writes the k nearest found, nearest first, to ids[k] and distances[k]; slots not filled hold ANNSMITH_NO_ID.
 * One call at a time per index. The answer depends on the index, query, k and ef alone. */
ANNSMITH_EXPORT int annsmith_search(annsmith_index* index, const float* query, uint32_t k, uint32_t ef, uint32_t* ids,
                                    float* distances);

/* Bytes the index holds, scratch included. The harness also measures the process. */
ANNSMITH_EXPORT uint64_t annsmith_memory(const annsmith_index* index);
ANNSMITH_EXPORT void annsmith_destroy(annsmith_index* index);

/* Text of the last error on this thread; never NULL. */
ANNSMITH_EXPORT const char* annsmith_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* ANNSMITH_ABI_H_ */
