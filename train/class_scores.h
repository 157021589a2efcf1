// The top classes of a prediction.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace deepmad::train {

struct ClassScore {
  int class_index = 0;
  std::string name;        // from the weights' metadata; "class 7" if they have no names
  double probability = 0;  // softmax
};

// Returns the five most probable classes (fewer if there are fewer), best first. `probabilities` is [classes], on the CPU.
std::vector<ClassScore> LikeliestClasses(const at::Tensor& probabilities, const std::vector<std::string>& names);

}  // namespace deepmad::train
