// The blocks of a network and the feature maps that heads use.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "mad/network/network_spec.h"
#include "models/layers/batch_norm.h"
#include "models/network/activation_checkpoint.h"
#include "models/network/lowered_unit.h"

namespace deepmad::models {

// Neither copyable nor movable, because its parts refer to each other.
class Backbone {
 public:
  // Registers tensors below `root` under the names of the block types. REQUIRES: `spec` is valid.
  Backbone(const mad::NetworkSpec& spec, torch::nn::Module& root, BatchNorms& norms, const std::shared_ptr<DropPaths>& drop_paths);

  Backbone(const Backbone&) = delete;
  Backbone& operator=(const Backbone&) = delete;

  // Input [N, C, (T,) H, W] -> the last feature map. Any H and W work; only C must equal that of `spec.input`.
  at::Tensor Forward(const at::Tensor& images) const;
  // Returns the feature map of each of `levels()`, in order.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images) const;

  // Activation checkpointing: stores only the input of each unit and recomputes the rest in the backward pass, which saves memory for a
  // third more work.
  void SetRecompute(bool recompute) { recompute_ = recompute; }

  // The feature levels that the head uses.
  const std::vector<mad::FeatureLevel>& levels() const { return levels_; }
  int out_channels() const { return out_channels_; }
  int stages() const { return stages_.back() + 1; }
  // Returns the parameters of the first `stages` stages. The stem is the first stage.
  std::vector<at::Tensor> ParametersOf(int stages) const;
  // Returns the number of norms in the first `stages` stages. They are the first norms of the network.
  size_t NormsOf(int stages) const;
  // The scales that RecipeUnit lists, of all units.
  std::vector<at::Tensor> residual_scales() const;

 private:
  at::Tensor ForwardBlock(size_t block, at::Tensor x) const;

  std::vector<std::vector<RecipeUnit>> blocks_;
  std::vector<std::vector<RecomputedPart>> parts_;  // one per unit
  std::vector<int> stages_;                         // of the blocks
  std::vector<size_t> norms_;                       // of the network, up to the end of each block
  bool recompute_ = false;
  std::vector<mad::FeatureLevel> levels_;
  int out_channels_;
};

}  // namespace deepmad::models
