#include "mad/network_spec.h"

#include <fmt/format.h>

namespace deepmad::mad {
namespace {

constexpr int kMaxBlocks = 1000;
constexpr int kMaxUnits = 100000;
constexpr int kMaxChannels = 1 << 20;
constexpr int kMaxSide = 1 << 16;
constexpr int kMaxKernel = 31;

void CheckBlock(const BlockSpec& block, int index, const std::string& where) {
  const auto fail = [&](const std::string& what, const std::string& hint) {
    throw base::UsageError(fmt::format("block {} ({}): {}", index, block.type, what), where, hint);
  };
  const BlockType& type = FindBlockType(block.type, where);
  if (block.kernel < 1 || block.kernel > kMaxKernel || block.kernel % 2 == 0) {
    fail(fmt::format("kernel {}", block.kernel), fmt::format("kernels are odd, 1 to {}", kMaxKernel));
  }
  if (block.stride != 1 && block.stride != 2) fail(fmt::format("stride {}", block.stride), "strides are 1 or 2");
  if (block.out_channels < 1 || block.out_channels > kMaxChannels) {
    fail(fmt::format("out_channels {}", block.out_channels), fmt::format("give 1 to {} channels", kMaxChannels));
  }
  if (type.traits.has_bottleneck != (block.bottleneck_channels != 0)) {
    fail(type.traits.has_bottleneck ? "bottleneck_channels missing" : "bottleneck_channels given",
         type.traits.has_bottleneck ? "this type needs them" : "this type has none");
  }
  if (block.bottleneck_channels < 0 || block.bottleneck_channels > kMaxChannels) {
    fail(fmt::format("bottleneck_channels {}", block.bottleneck_channels), fmt::format("give 1 to {} channels", kMaxChannels));
  }
  if (block.depth < 1) fail(fmt::format("depth {}", block.depth), "a block has at least one unit");
  if (block.depth > 1 && !type.traits.repeats) fail(fmt::format("depth {}", block.depth), "this type has no units to repeat");
}

}  // namespace

void Validate(const NetworkSpec& spec, const std::string& where) {
  const InputSpec& input = spec.input;
  for (const auto& [name, value, limit] : {std::tuple{"channels", input.channels, 1024}, std::tuple{"height", input.height, kMaxSide},
                                           std::tuple{"width", input.width, kMaxSide}, std::tuple{"frames", input.frames, 4096}}) {
    if (value < 1 || value > limit)
      throw base::UsageError(fmt::format("input {} {}", name, value), where, fmt::format("give 1 to {}", limit));
  }
  if (spec.blocks.empty()) throw base::UsageError("a network without blocks", where, "list at least one under `blocks`");
  if (spec.blocks.size() > kMaxBlocks) {
    throw base::UsageError(fmt::format("{} blocks", spec.blocks.size()), where, fmt::format("at most {} are allowed", kMaxBlocks));
  }
  int64_t units = 0;
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    CheckBlock(spec.blocks[i], static_cast<int>(i), where);
    units += spec.blocks[i].depth;
  }
  if (units > kMaxUnits)
    throw base::UsageError(fmt::format("{} units in all", units), where, fmt::format("at most {} are allowed", kMaxUnits));
  if (spec.head.type != "classifier") throw base::UnknownName("head", spec.head.type, {"classifier"}, where);
  if (spec.head.classes < 1 || spec.head.classes > kMaxChannels) {
    throw base::UsageError(fmt::format("head with {} classes", spec.head.classes), where, fmt::format("give 1 to {}", kMaxChannels));
  }
}

std::vector<PlacedBlock> PlaceBlocks(const NetworkSpec& spec) {
  std::vector<PlacedBlock> placed;
  int channels = spec.input.channels;
  Extent size{spec.input.frames, spec.input.height, spec.input.width};
  int stage = 0;
  for (size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const BlockType& type = FindBlockType(block.type);
    if (block.stride == 2 && i > 0) ++stage;
    const Extent out_size = OutputSize(size, Square(block.stride));
    placed.push_back(
        {&block, &type, static_cast<int>(i), stage, channels, size, out_size, block.activation.value_or(type.traits.activation)});
    channels = block.out_channels;
    size = out_size;
  }
  return placed;
}

std::vector<FeatureLevel> FeatureLevels(const NetworkSpec& spec) {
  std::vector<FeatureLevel> levels;
  const std::vector<PlacedBlock> placed = PlaceBlocks(spec);
  int stride = 1;
  for (size_t i = 0; i < placed.size(); ++i) {
    stride *= placed[i].spec->stride;
    const bool last_of_stage = i + 1 == placed.size() || placed[i + 1].stage != placed[i].stage;
    if (last_of_stage) levels.push_back({static_cast<int>(i), placed[i].spec->out_channels, stride});
  }
  return levels;
}

std::vector<Unit<double>> BlockUnits(const PlacedBlock& block) {
  const BlockSpec& spec = *block.spec;
  UnitDims<double> dims{static_cast<double>(block.in_channels),
                        static_cast<double>(spec.out_channels),
                        static_cast<double>(spec.bottleneck_channels),
                        Square(spec.kernel),
                        Square(spec.stride),
                        block.in_channels != spec.out_channels,
                        true,
                        block.activation};
  std::vector<Unit<double>> units{MakeUnit(*block.type, dims)};
  dims.in = dims.out;
  dims.stride = Extent{};
  dims.changes_channels = false;
  dims.first = false;
  for (int i = 1; i < spec.depth; ++i) units.push_back(MakeUnit(*block.type, dims));
  return units;
}

std::string UnitPrefix(const PlacedBlock& block, int unit) {
  const std::string prefix = fmt::format("block_list.{}.", block.index);
  return block.type->traits.units_are_nested ? fmt::format("{}block_list.{}.", prefix, unit) : prefix;
}

}  // namespace deepmad::mad
