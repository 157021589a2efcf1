#include "train/task.h"

template <>
const char* deepmad::train::TaskRegistry::kind() {
  return "task";
}
