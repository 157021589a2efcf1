#include "data/dataset/dataset.h"

template <>
const char* deepmad::data::DatasetRegistry::kind() {
  return "dataset";
}

namespace deepmad::data {

std::vector<int64_t> Dataset::class_counts() const {
  std::vector<int64_t> counts(class_names().size());
  for (int64_t i = 0; i < size(); ++i) {
    const int64_t whole = label(i);
    if (whole == kNoWholeLabel) return {};
    ++counts[static_cast<size_t>(whole)];
  }
  return counts;
}

}  // namespace deepmad::data
