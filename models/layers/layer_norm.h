// Layer normalisation of a feature map: over the channels of each position.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// x [N, C, (T,) H, W], weight and bias [C] -> of the shape of x, channels_last in memory; eps mad::kLayerNormEps. A single pass for maps
// in channels_last; other maps are copied.
at::Tensor NormaliseChannels(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace deepmad::models
