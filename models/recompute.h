// Activation checkpointing (Chen et al., "Training deep nets with sublinear memory cost", 2016): a part of a network keeps only its input,
// and its forward pass runs again when the gradient needs what lies between.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "models/batch_norm.h"

namespace deepmad::models {

// A part of a network as a function of its input.
struct RecomputedPart {
  std::function<at::Tensor(const at::Tensor&)> forward;  // gives the same each time: draws nothing
  std::vector<at::Tensor> parameters;                    // all that it reads
  BatchNormSettings* norms;                              // of its norms, whose running statistics must move once
};

// part.forward(x), with the gradients that it has without recomputation, bit for bit. `part` must outlive the backward pass.
at::Tensor Recompute(const RecomputedPart& part, const at::Tensor& x);

}  // namespace deepmad::models
