// Folds a trained batch norm into the convolution before it. In evaluation mode a norm is a scale and a shift per channel:
//   norm(conv(x, w)) = conv(x, scale * w) + shift,  scale = weight / sqrt(running_var + eps),  shift = bias - running_mean * scale.
// A layer scale folds the same way, with shift 0. A bias b of the convolution adds scale * b to the shift.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

struct ChannelAffine {
  at::Tensor scale;  // [C] float64
  at::Tensor shift;  // [C] float64: the bias of a folded convolution that has none itself
};

// All arguments are [C], of any floating-point type. Computes in float64, so that folding rounds only once, in the conversion to the final
// type.
ChannelAffine FoldNorm(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& running_mean, const at::Tensor& running_var,
                       double eps);

ChannelAffine FoldLayerScale(const at::Tensor& gamma);

// Returns `weight` [out, ...] with output channels multiplied by `scale` [out], in the type of `weight`, which is not modified.
at::Tensor ScaleOutputChannels(const at::Tensor& weight, const at::Tensor& scale);

}  // namespace deepmad::models
