#include <cstdio>
#include <string>

#include "harness/host.h"
#include "harness/supervisor.h"

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "serve" && argc == 2) return annsmith::harness::RunSupervisor();
  if (mode == "host") {
    std::string line = mode;
    for (int i = 2; i < argc; ++i) line += std::string(" ") + argv[i];
    return annsmith::harness::RunHost(line);
  }
  std::fprintf(stderr,
               "usage: annsmith-harness serve\n"
               "Builds, runs and times an index behind the annsmith C ABI; speaks a line protocol "
               "on standard input "
               "and output.\n");
  return 2;
}
