#include "models/layers/fold_norm.h"

#include <ATen/ops/zeros_like.h>

namespace deepmad::models {

ChannelAffine FoldNorm(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& running_mean, const at::Tensor& running_var,
                       double eps) {
  const auto exact = [](const at::Tensor& tensor) { return tensor.detach().to(at::kDouble); };
  const at::Tensor scale = exact(weight) / (exact(running_var) + eps).sqrt();
  return {scale, exact(bias) - exact(running_mean) * scale};
}

ChannelAffine FoldLayerScale(const at::Tensor& gamma) {
  const at::Tensor scale = gamma.detach().to(at::kDouble);
  return {scale, at::zeros_like(scale)};
}

at::Tensor ScaleOutputChannels(const at::Tensor& weight, const at::Tensor& scale) {
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape[0] = scale.numel();
  return (weight.detach().to(at::kDouble) * scale.reshape(shape)).to(weight.scalar_type());
}

}  // namespace deepmad::models
