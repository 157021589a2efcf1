#include "models/network/classifier.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "models/layers/module_tree.h"

namespace deepmad::models {

Classifier::Classifier(int in_channels, const mad::HeadSpec& head, torch::nn::Module& root) {
  const auto module = ModuleAt(root, head.name);
  weight_ = module->register_parameter("weight", at::zeros({head.classes, in_channels}));
  bias_ = module->register_parameter("bias", at::zeros({head.classes}));
  if (head.bits > 0) quantiser_.emplace(*module, weight_, mad::Bits{head.bits, head.bits});
}

// After flattening the rest, [N, C, H*W], one mean serves 2-D and 3-D maps. In channels_last, flatten is a view too.
at::Tensor Classifier::Means(const at::Tensor& map) { return map.flatten(2).mean(2); }

at::Tensor Classifier::OfMeans(const at::Tensor& means) const {
  return quantiser_ ? at::linear(quantiser_->Input(means), quantiser_->Weight(), bias_) : at::linear(means, weight_, bias_);
}

}  // namespace deepmad::models
