#ifndef ANNSMITH_CORE_TRUTH_FILE_H_
#define ANNSMITH_CORE_TRUTH_FILE_H_

#include <string>

#include "core/exact_knn.h"

namespace annsmith {

// Writes neighbours in the bigann format: u32 queries, u32 k, ids u32[queries * k], distances
// f32[queries * k], little endian. The file appears whole or not at all (temporary file beside it,
// fsync, rename). False, with a sentence naming the file in `error`, where it cannot be written.
// Thread-safe for different paths.
bool WriteTruthFile(const std::string& path, const KnnResult& result, std::string* error);

}  // namespace annsmith

#endif  // ANNSMITH_CORE_TRUTH_FILE_H_
