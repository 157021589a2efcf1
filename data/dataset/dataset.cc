#include "data/dataset/dataset.h"

template <>
const char* deepmad::data::DatasetRegistry::kind() {
  return "dataset";
}
