// Structures for tests: the published ones, a small one, and random ones of every registered block type.
#pragma once

#include <memory>
#include <string>

#include "base/build_info.h"
#include "base/random.h"
#include "mad/network_spec.h"
#include "models/init.h"
#include "models/network.h"

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

// 1 to 5 blocks behind a stem; sizes that do not divide by the strides.
inline mad::NetworkSpec RandomStructure(uint64_t seed) {
  base::Random random(seed, base::RandomPurpose::kSynthetic);
  const auto draw = [&](int low, int high) { return static_cast<int>(random.UniformInt(low, high)); };
  mad::NetworkSpec spec;
  spec.name = "random";
  spec.input = {.channels = draw(1, 4), .height = draw(17, 45), .width = draw(17, 45)};
  spec.blocks.push_back(Block("conv", 1, 3, draw(1, 2), draw(1, 12)));
  const std::vector<std::string> types = mad::BlockRegistry::Get().Names();
  for (int block = draw(1, 5); block > 0; --block) {
    const std::string type = types[static_cast<size_t>(draw(0, static_cast<int>(types.size()) - 1))];
    const mad::BlockTraits traits = mad::FindBlockType(type).traits;
    const int depth = traits.repeats ? draw(1, 3) : 1;
    const int kernel = 2 * draw(0, 2) + 1;
    const int stride = draw(1, 2);
    const int out_channels = draw(1, 20);
    spec.blocks.push_back(Block(type, depth, kernel, stride, out_channels, traits.has_bottleneck ? draw(1, 16) : 0));
  }
  spec.head.classes = draw(1, 30);
  return spec;
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

inline std::shared_ptr<Network> InitializedNetwork(const mad::NetworkSpec& spec, uint64_t seed = 1) {
  auto network = BuildNetwork(spec);
  Initialize(*network, {}, seed);
  return network;
}

}  // namespace deepmad::models
