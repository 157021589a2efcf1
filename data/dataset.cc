#include "data/dataset.h"

template <>
const char* deepmad::data::DatasetRegistry::kind() {
  return "dataset";
}
