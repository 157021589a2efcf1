// Random valid structures for tests: of every registered block type, with the optional keys of a block, on maps that do not divide by the
// strides.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

struct RandomStructureOptions {
  bool quantised = false;  // some blocks and heads have bit widths
  bool features = false;   // some heads are no classifiers
  int max_blocks = 5;      // behind the first
  int max_depth = 3;
  int max_channels = 20;
  int min_side = 17, max_side = 45;  // of the input
};

// The registered types that may stand in one network: all of 2-D or all of 3-D.
inline std::vector<std::string> TypesOfDimension(bool has_time) {
  std::vector<std::string> types;
  for (const std::string& name : BlockRegistry::Get().Names()) {
    if (FindBlockType(name).traits.has_time == has_time) types.push_back(name);
  }
  return types;
}

// A block that follows `in_channels`.
inline BlockSpec RandomBlock(const std::string& type, int in_channels, base::Random& random, const RandomStructureOptions& options) {
  const auto draw = [&](int low, int high) { return static_cast<int>(random.UniformInt(low, high)); };
  const BlockTraits& traits = FindBlockType(type).traits;
  BlockSpec block;
  block.type = type;
  block.depth = traits.repeats ? draw(1, options.max_depth) : 1;
  block.kernel = 2 * draw(0, 2) + 1;
  if (traits.has_time) block.kernel_t = 2 * draw(0, 1) + 1;
  block.stride = draw(1, 2);
  block.out_channels = traits.keeps_channels || random.Bernoulli(0.3) ? in_channels : draw(1, options.max_channels);
  if (traits.has_bottleneck) block.bottleneck_channels = draw(1, options.max_channels);
  if (random.Bernoulli(0.3)) block.activation = kActivationTraits[draw(0, std::size(kActivationTraits) - 1)].kind;
  if (traits.se_ratio > 0 && random.Bernoulli(0.5)) block.se_ratio = 0.125 * draw(1, 8);
  if (traits.shortcut && random.Bernoulli(0.3)) block.shortcut = static_cast<ShortcutRule>(draw(0, 4));
  if (traits.layer_scale && random.Bernoulli(0.5)) block.layer_scale = random.Bernoulli(0.5);
  if (options.quantised && !traits.keeps_channels && random.Bernoulli(0.5)) {
    const size_t convolutions = static_cast<size_t>(MainConvolutions(block));
    for (std::vector<int>* bits : {&block.activation_bits, &block.weight_bits}) {
      const size_t count = random.Bernoulli(0.5) ? 1 : convolutions;
      for (size_t i = 0; i < count; ++i) bits->push_back(draw(2, 8));
    }
  }
  return block;
}

// The head of a structure whose blocks are complete.
inline HeadSpec RandomHead(const NetworkSpec& spec, base::Random& random, const RandomStructureOptions& options) {
  HeadSpec head;
  head.classes = static_cast<int>(random.UniformInt(1, 30));
  if (options.quantised && random.Bernoulli(0.3)) head.bits = 8;
  if (options.features && random.Bernoulli(0.3)) {
    head = {.type = "features", .classes = 0};
    const int last = static_cast<int>(FeatureLevels(spec).size()) - 1;
    for (int level = 0; level <= last; ++level) {
      if (level == last || random.Bernoulli(0.5)) head.levels.push_back(level);
    }
  }
  return head;
}

// A stem and blocks drawn from `types`, at least one of `types[0]`.
inline NetworkSpec RandomStructureOf(std::vector<std::string> types, uint64_t seed, const RandomStructureOptions& options = {}) {
  base::Random random(seed, base::RandomPurpose::kSynthetic);
  const auto draw = [&](int low, int high) { return static_cast<int>(random.UniformInt(low, high)); };
  const bool has_time = FindBlockType(types[0]).traits.has_time;
  NetworkSpec spec;
  spec.name = "random";
  spec.input.channels = draw(1, 4);
  spec.input.height = draw(options.min_side, options.max_side);
  spec.input.width = draw(options.min_side, options.max_side);
  if (has_time) spec.input.frames = draw(1, 7);
  spec.blocks.push_back(RandomBlock(has_time ? "conv3d" : "conv", spec.input.channels, random, options));
  for (int block = draw(1, options.max_blocks); block > 0; --block) {
    const std::string type = block == 1 ? types[0] : types[static_cast<size_t>(draw(0, static_cast<int>(types.size()) - 1))];
    const bool only_once = std::string(FindBlockType(type).traits.prefix).find('{') == std::string::npos;
    if (only_once && block > 1) continue;
    spec.blocks.push_back(RandomBlock(type, spec.blocks.back().out_channels, random, options));
  }
  spec.head = RandomHead(spec, random, options);
  return spec;
}

// Blocks of any type.
inline NetworkSpec RandomStructure(uint64_t seed, const RandomStructureOptions& options = {}) {
  std::vector<std::string> types = TypesOfDimension(/*has_time=*/seed % 4 == 3);
  std::swap(types[0], types[seed / 4 % types.size()]);
  return RandomStructureOf(types, seed, options);
}

}  // namespace deepmad::mad
