#ifndef ANNSMITH_HARNESS_INDEX_LIBRARY_H_
#define ANNSMITH_HARNESS_INDEX_LIBRARY_H_

#include <string>

#include "harness/failure.h"
#include "include/annsmith/abi.h"

namespace annsmith::harness {

// The functions of a workspace's adapter, all present and of the right ABI version. The library
// stays loaded for the life of the process.
struct IndexLibrary {
  decltype(&annsmith_create) create;
  decltype(&annsmith_build) build;
  decltype(&annsmith_import_graph) import_graph;
  decltype(&annsmith_export_graph) export_graph;
  decltype(&annsmith_prepare) prepare;
  decltype(&annsmith_search) search;
  decltype(&annsmith_memory) memory;
  decltype(&annsmith_destroy) destroy;
  decltype(&annsmith_last_error) last_error;

  // Runs the library's initialisers: candidate code, so only in a locked-down process.
  static Outcome<IndexLibrary> Load(const std::string& path);
};

}  // namespace annsmith::harness

#endif  // ANNSMITH_HARNESS_INDEX_LIBRARY_H_
