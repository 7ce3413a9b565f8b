#include <string>

#include "harness/host.h"

// A host alone, built with a sanitizer; the supervisor starts it where a candidate was built alike.
int main(int argc, char** argv) {
  std::string line = "host";
  for (int i = 2; i < argc; ++i) line += std::string(" ") + argv[i];
  return annsmith::harness::RunHost(line);
}
