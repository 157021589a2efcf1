// The blocks of a network, with the feature maps that heads build on.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "mad/network_spec.h"
#include "models/batch_norm.h"
#include "models/recipe_unit.h"

namespace deepmad::models {

class Backbone {
 public:
  // Requires a valid spec. Registers tensors below `root` under the names that the block types give them.
  Backbone(const mad::NetworkSpec& spec, torch::nn::Module& root, BatchNorms& norms);

  // [N, C, (T,) H, W] -> the last map. Any H and W work; `spec.input` gives only C.
  at::Tensor Forward(const at::Tensor& images) const;
  // The map of each of `levels()`, in order.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images) const;

  // Those that the head names.
  const std::vector<mad::FeatureLevel>& levels() const { return levels_; }
  int out_channels() const { return out_channels_; }
  // See RecipeUnit.
  std::vector<at::Tensor> residual_scales() const;

 private:
  std::vector<std::vector<RecipeUnit>> blocks_;
  std::vector<mad::FeatureLevel> levels_;
  int out_channels_;
};

}  // namespace deepmad::models
