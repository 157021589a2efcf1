// The activation functions of recipes on tensors, and under the names of libraries.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>
#include <vector>

#include "mad/recipe/activation.h"

namespace deepmad::models {

// Returns the activation of x. With `in_place`, overwrites x.
at::Tensor Activate(mad::ActivationKind kind, at::Tensor x, bool in_place);

// How oneDNN is asked to apply an activation to the result of a convolution.
struct OneDnnPostOp {
  std::string_view name;
  std::vector<double> scalars = {};
  std::string_view algorithm = "";
};
// Returns nothing if oneDNN cannot.
std::optional<OneDnnPostOp> OneDnnPostOpOf(mad::ActivationKind kind);

}  // namespace deepmad::models
