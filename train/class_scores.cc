#include "train/class_scores.h"

#include <ATen/ops/topk.h>

#include <algorithm>

#include "train/loaded_network.h"

namespace deepmad::train {

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
