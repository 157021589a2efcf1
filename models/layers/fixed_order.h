// Operations whose gradients LibTorch adds up on a GPU in the order in which threads happen to come, in a form that does not: so that a
// deterministic run repeats to the bit.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// Whether such operations on this tensor must take the forms below: on a GPU, with deterministic algorithms asked for.
bool WantsFixedOrder(const at::Tensor& tensor);

// map [N, C, h, w] -> [N, C, size]: at::upsample_bilinear2d (half-pixel centres) and at::adaptive_avg_pool2d to the bit. The gradients are
// two matrix products each, one an axis.
at::Tensor UpsampleBilinearInFixedOrder(const at::Tensor& map, at::IntArrayRef size);
at::Tensor AdaptiveAverageInFixedOrder(const at::Tensor& map, at::IntArrayRef size);

}  // namespace deepmad::models
