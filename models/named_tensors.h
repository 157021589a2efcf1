// Tensors by name, in the order of a state_dict.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace deepmad::models {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

}  // namespace deepmad::models
