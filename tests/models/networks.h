// Structures for tests: the published ones, a small one, and random ones of every registered block type.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "mad/network/network_spec.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/mad/random_structures.h"

namespace deepmad::models {

inline mad::NetworkSpec PublishedStructure(const std::string& name) {
  return mad::LoadNetwork(base::ConfigsFolder() + "/arch/" + name + ".yaml");
}

inline mad::BlockSpec Block(const std::string& type, int depth, int kernel, int stride, int out_channels, int bottleneck_channels = 0) {
  mad::BlockSpec block;
  block.type = type;
  block.depth = depth;
  block.kernel = kernel;
  block.stride = stride;
  block.out_channels = out_channels;
  block.bottleneck_channels = bottleneck_channels;
  return block;
}

using mad::RandomStructure;

// [N, C, (T,) H, W] of the spec's input.
inline std::vector<int64_t> BatchShape(const mad::NetworkSpec& spec, int64_t batch) {
  const mad::InputSpec& input = spec.input;
  if (spec.SpatialDims() == 3) return {batch, input.channels, input.frames, input.height, input.width};
  return {batch, input.channels, input.height, input.width};
}

// Residual blocks with projected, pooled and identity shortcuts.
inline mad::NetworkSpec SmallStructure() {
  mad::NetworkSpec spec;
  spec.name = "small";
  spec.input = {.channels = 3, .height = 33, .width = 27};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("bottleneck", 2, 5, 2, 10, 4), Block("basic", 2, 3, 1, 10, 7),
                 Block("basic", 1, 3, 2, 12, 8), Block("conv", 1, 1, 1, 16)};
  spec.head.classes = 5;
  return spec;
}

// Blocks with layer norms; attention of one, two and three heads.
inline mad::NetworkSpec LayerNormStructure() {
  mad::NetworkSpec spec;
  spec.name = "layer-norm";
  spec.input = {.channels = 3, .height = 33, .width = 27};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("convnext", 2, 7, 2, 10, 24), Block("transformer", 1, 3, 1, 37, 8),
                 Block("transformer", 2, 5, 2, 80, 40), Block("transformer", 1, 1, 1, 96, 104)};
  spec.blocks[3].layer_scale = true;
  spec.head.classes = 5;
  return spec;
}

// Hard-swish and hard-sigmoid in every place that an activation has: alone, behind a norm, behind a sum, and in squeeze-excite.
inline mad::NetworkSpec HardSwishStructure() {
  mad::NetworkSpec spec;
  spec.name = "hard-swish";
  spec.input = {.channels = 3, .height = 33, .width = 27};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("dw_se_bottleneck", 2, 5, 2, 16, 32), Block("basic", 2, 3, 1, 12, 8),
                 Block("transformer", 1, 3, 1, 12, 8), Block("conv", 1, 1, 1, 16)};
  for (mad::BlockSpec& block : spec.blocks) block.activation = mad::ActivationKind::kHardSwish;
  spec.blocks[2].activation = mad::ActivationKind::kHardSigmoid;
  spec.head.classes = 5;
  return spec;
}

inline std::shared_ptr<Network> InitializedNetwork(const mad::NetworkSpec& spec, uint64_t seed = 1) {
  auto network = BuildNetwork(spec);
  Initialize(*network, {}, seed);
  return network;
}

}  // namespace deepmad::models
