// The likeliest classes of what a network was shown.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace deepmad::train {

struct ClassScore {
  int class_index = 0;
  std::string name;        // from the weights' metadata; "class 7" where they have none
  double probability = 0;  // softmax
};

// probabilities [classes], on the CPU -> best first, at most five.
std::vector<ClassScore> LikeliestClasses(const at::Tensor& probabilities, const std::vector<std::string>& names);

}  // namespace deepmad::train
