#include "train/tasks/top_classes.h"

#include <ATen/ops/topk.h>

#include <algorithm>

namespace deepmad::train {

std::string ClassName(const std::vector<std::string>& class_names, int64_t class_index, int64_t first) {
  if (class_index < static_cast<int64_t>(class_names.size())) return class_names[static_cast<size_t>(class_index)];
  return "class " + std::to_string(class_index + first);
}

std::vector<ClassScore> LikeliestClasses(const at::Tensor& probabilities, const std::vector<std::string>& names) {
  const auto [values, indices] = at::topk(probabilities, std::min<int64_t>(5, probabilities.size(0)));
  std::vector<ClassScore> scores;
  for (int64_t k = 0; k < values.size(0); ++k) {
    const auto index = indices[k].item<int64_t>();
    scores.push_back({static_cast<int>(index), ClassName(names, index, 0), values[k].item<double>()});
  }
  return scores;
}

}  // namespace deepmad::train
