#include "harness/index_library.h"

#include <dlfcn.h>

namespace annsmith::harness {
namespace {

template <typename Function>
bool Bind(void* handle, const char* name, Function* function, std::string* missing) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  if (*function == nullptr && missing->empty()) *missing = name;
  return *function != nullptr;
}

}  // namespace

Outcome<IndexLibrary> IndexLibrary::Load(const std::string& path) {
  // All symbols now: a lazy binding would run inside a timed search.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Failure{"load", "abi", dlerror(), ""};

  std::string missing;
  decltype(&annsmith_abi_version) version = nullptr;
  if (Bind(handle, "annsmith_abi_version", &version, &missing) &&
      version() != ANNSMITH_ABI_VERSION) {
    return Failure{"load", "abi",
                   path + ": annsmith_abi_version() is " + std::to_string(version()) +
                       ", this harness needs " + std::to_string(ANNSMITH_ABI_VERSION) +
                       "; rebuild the adapter against the current annsmith/abi.h",
                   ""};
  }
  IndexLibrary library = {};
  Bind(handle, "annsmith_create", &library.create, &missing);
  Bind(handle, "annsmith_build", &library.build, &missing);
  Bind(handle, "annsmith_import_graph", &library.import_graph, &missing);
  Bind(handle, "annsmith_export_graph", &library.export_graph, &missing);
  Bind(handle, "annsmith_prepare", &library.prepare, &missing);
  Bind(handle, "annsmith_search", &library.search, &missing);
  Bind(handle, "annsmith_memory", &library.memory, &missing);
  Bind(handle, "annsmith_destroy", &library.destroy, &missing);
  Bind(handle, "annsmith_last_error", &library.last_error, &missing);
  if (!missing.empty()) {
    return Failure{"load", "abi",
                   path + " does not export " + missing +
                       "(); the adapter must define every function of annsmith/abi.h",
                   ""};
  }
  return library;
}

}  // namespace annsmith::harness
