// A trained batch norm as what it computes in evaluation, a scale and a shift a channel, and that scale inside the convolution before it:
//   norm(conv(x, w)) = conv(x, scale * w) + shift,  scale = weight / sqrt(running_var + eps),  shift = bias - running_mean * scale.
// A layer scale is one without a shift; a bias b of the convolution itself adds scale * b.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

struct ChannelAffine {
  at::Tensor scale;  // [C] float64
  at::Tensor shift;  // [C] float64: the bias of a folded convolution that has none itself
};

// All four [C], of any floating-point type. Computed in float64, so that folding rounds once, where the result gets its final type.
ChannelAffine FoldNorm(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& running_mean, const at::Tensor& running_var,
                       double eps);

ChannelAffine FoldLayerScale(const at::Tensor& gamma);

// `weight` [out, ...] of a convolution with its output channels multiplied by `scale` [out]; of the type of `weight`, which stays as it is.
at::Tensor ScaleOutputChannels(const at::Tensor& weight, const at::Tensor& scale);

}  // namespace deepmad::models
