// Activation checkpointing (Chen et al., "Training deep nets with sublinear memory cost", 2016): a part of a network keeps only its input,
// and its forward pass runs again when the gradient needs what lies between.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "models/layers/batch_norm.h"

namespace deepmad::models {

// A part of a network that can be recomputed.
struct RecomputedPart {
  std::function<at::Tensor(const at::Tensor&)> forward;  // deterministic: makes no random draws
  std::vector<at::Tensor> parameters;                    // all parameters that `forward` uses
  BatchNormSettings* norms;                              // settings of its norms, whose running statistics must be updated once only
};

// Computes part.forward(x) with recomputation. Gradients are bit-identical to those without it. REQUIRES: `part` outlives the backward
// pass.
at::Tensor Recompute(const RecomputedPart& part, const at::Tensor& x);

}  // namespace deepmad::models
