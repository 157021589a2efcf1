// Names of classes, and the most probable classes of an input.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::train {

// The name of a class, or, if the weights name none, "class 7" with the number counted from `first`.
std::string ClassName(const std::vector<std::string>& class_names, int64_t class_index, int64_t first);

struct ClassScore {
  int class_index = 0;
  std::string name;        // from the weights' metadata; "class 7" if they have no names
  double probability = 0;  // softmax
};

// Returns the five most probable classes (fewer if there are fewer), best first. `probabilities` is [classes], on the CPU.
std::vector<ClassScore> LikeliestClasses(const at::Tensor& probabilities, const std::vector<std::string>& names);

}  // namespace deepmad::train
