#include "cli/thread_waiting.h"

#include <unistd.h>

#include <cstdlib>

namespace deepmad::cli {

void BoundThreadSpinning(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("GOMP_SPINCOUNT", "1000", 0);
  ::execv("/proc/self/exe", argv);  // where that fails, the program goes on as it is: slower at worst
}

}  // namespace deepmad::cli
