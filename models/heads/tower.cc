#include "models/heads/tower.h"

#include <ATen/ops/group_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "models/layers/module_tree.h"

namespace deepmad::models {

Tower::Tower(int channels, bool bias, torch::nn::Module& root, const std::string& path) {
  for (int i = 0; i < kConvolutions; ++i) {
    const std::string place = path + "." + std::to_string(i);
    MapConv conv(channels, channels, MapConv::Options{.bias = bias}, root, place + ".conv");
    const auto norm = ModuleAt(root, place + ".gn");
    const at::Tensor scale = norm->register_parameter("weight", at::ones({channels}));
    layers_.push_back({conv, scale, norm->register_parameter("bias", at::zeros({channels}))});
  }
}

at::Tensor Tower::Forward(at::Tensor x) const {
  for (const Layer& layer : layers_) x = at::relu(at::group_norm(layer.conv.Forward(x), kGroups, layer.scale, layer.offset, kEps));
  return x;
}

}  // namespace deepmad::models
