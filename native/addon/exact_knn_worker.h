#ifndef ANNSMITH_ADDON_EXACT_KNN_WORKER_H_
#define ANNSMITH_ADDON_EXACT_KNN_WORKER_H_

#include <napi.h>

namespace annsmith {

// exactKnn({basePath, queryPath, metric, k, threads, outPath, rows?, onProgress?}): {promise,
// cancel}. Argument errors are thrown as TypeError; all others reject the promise. After cancel()
// the promise rejects with the message "cancelled" and nothing is written.
Napi::Value StartExactKnn(const Napi::CallbackInfo& info);

}  // namespace annsmith

#endif  // ANNSMITH_ADDON_EXACT_KNN_WORKER_H_
