// Prints what registered itself: a linker that drops objects nobody names would leave these empty.
#include <cstdio>

#include "data/dataset/dataset.h"
#include "mad/recipe/block_type.h"
#include "mad/search/solver.h"
#include "models/device/device.h"
#include "train/optimizers/optimizer.h"
#include "train/tasks/task.h"

template <typename Registry>
bool Print(const char* kind) {
  std::printf("%s:", kind);
  for (const auto& name : Registry::Get().Names()) std::printf(" %s", name.c_str());
  std::printf("\n");
  return !Registry::Get().Names().empty();
}

int main() {
  using namespace deepmad;  // NOLINT: a program of ten lines
  const bool all[] = {Print<mad::BlockRegistry>("blocks"),      Print<mad::SolverRegistry>("solvers"),
                      Print<models::DeviceRegistry>("devices"), Print<data::DatasetRegistry>("datasets"),
                      Print<train::TaskRegistry>("tasks"),      Print<train::OptimizerRegistry>("optimizers")};
  for (const bool filled : all) {
    if (!filled) return 1;
  }
  return 0;
}
