#include "models/classifier.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "models/module_tree.h"

namespace deepmad::models {

Classifier::Classifier(int in_channels, int classes, torch::nn::Module& root) {
  const auto module = ModuleAt(root, kName);
  weight_ = module->register_parameter("weight", at::zeros({classes, in_channels}));
  bias_ = module->register_parameter("bias", at::zeros({classes}));
}

at::Tensor Classifier::Forward(const at::Tensor& map) const {
  // After flattening the rest, [N, C, H*W], one mean serves 2-D and 3-D maps. In channels_last, flatten is a view too.
  return at::linear(map.flatten(2).mean(2), weight_, bias_);
}

}  // namespace deepmad::models
