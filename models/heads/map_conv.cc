#include "models/heads/map_conv.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "models/layers/module_tree.h"

namespace deepmad::models {

MapConv::MapConv(int in_channels, int out_channels, const Options& options, torch::nn::Module& root, const std::string& path)
    : stride_(options.stride), padding_(options.kernel / 2) {
  const auto module = ModuleAt(root, path);
  weight_ = module->register_parameter("weight", at::zeros({out_channels, in_channels, options.kernel, options.kernel}));
  if (options.bias) bias_ = module->register_parameter("bias", at::zeros({out_channels}));
}

at::Tensor MapConv::Forward(const at::Tensor& x) const { return at::conv2d(x, weight_, bias_, stride_, padding_); }

}  // namespace deepmad::models
