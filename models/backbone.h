// The blocks of a network, with the feature maps that heads build on.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "mad/network_spec.h"
#include "models/batch_norm.h"
#include "models/recipe_unit.h"
#include "models/recompute.h"

namespace deepmad::models {

// Parts of it refer to each other: it stays where it was made.
class Backbone {
 public:
  // Requires a valid spec. Registers tensors below `root` under the names that the block types give them.
  Backbone(const mad::NetworkSpec& spec, torch::nn::Module& root, BatchNorms& norms, const std::shared_ptr<DropPaths>& drop_paths);

  Backbone(const Backbone&) = delete;
  Backbone& operator=(const Backbone&) = delete;

  // [N, C, (T,) H, W] -> the last map. Any H and W work; `spec.input` gives only C.
  at::Tensor Forward(const at::Tensor& images) const;
  // The map of each of `levels()`, in order.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images) const;

  // Keeps only the input of each unit for the gradient and computes the rest again in the backward pass: less memory, a third more work.
  void SetRecompute(bool recompute) { recompute_ = recompute; }

  // Those that the head names.
  const std::vector<mad::FeatureLevel>& levels() const { return levels_; }
  int out_channels() const { return out_channels_; }
  // Of the first stages, the stem being the first.
  int stages() const { return stages_.back() + 1; }
  std::vector<at::Tensor> ParametersOf(int stages) const;
  // The norms of the network that belong to these stages are its first ones: so many.
  size_t NormsOf(int stages) const;
  // See RecipeUnit.
  std::vector<at::Tensor> residual_scales() const;

 private:
  at::Tensor ForwardBlock(size_t block, at::Tensor x) const;

  std::vector<std::vector<RecipeUnit>> blocks_;
  std::vector<std::vector<RecomputedPart>> parts_;  // one a unit
  std::vector<int> stages_;                         // of the blocks
  std::vector<size_t> norms_;                       // of the network, up to the end of each block
  bool recompute_ = false;
  std::vector<mad::FeatureLevel> levels_;
  int out_channels_;
};

}  // namespace deepmad::models
