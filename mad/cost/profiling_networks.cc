#include "mad/cost/profiling_networks.h"

#include <cmath>

#include "mad/cost/unit_cost.h"
#include "mad/recipe/is_depthwise.h"

namespace deepmad::mad {
namespace {

constexpr int kSmallestMap = 7;
constexpr double kMostMacs = 1e8;    // of a unit, at kResolution or less; in proportion to the area above it
constexpr double kMostValues = 2e6;  // that a unit writes, likewise
constexpr double kResolution = 224;
constexpr double kWidest = 2048;
constexpr int kAttempts = 1000;

int LogUniform(base::Random& random, double low, double high, int multiple) {
  const double value = low * std::pow(high / low, random.Uniform());
  return multiple * std::max(1, static_cast<int>(std::lround(value / multiple)));
}

// Of the first unit on maps of `side` pixels.
bool IsSmall(const BlockType& type, const BlockSpec& block, int in_channels, int side, double growth) {
  UnitDims<double> dims{FormOf(block, type),
                        double(in_channels),
                        double(block.out_channels),
                        double(block.bottleneck_channels),
                        Square(block.stride),
                        in_channels != block.out_channels,
                        true};
  MapSizes maps{Square(side), double(side)};
  const UnitCount<double> count = CountUnit(MakeUnit(type, dims), maps);
  return count.macs <= growth * kMostMacs && count.activations <= growth * kMostValues;
}

// One of the widths and bottlenecks that are small enough; the narrowest where none was drawn, in one unit that leaves a large map at once:
// attention takes the square of its size.
void DrawWidths(const BlockType& type, int in_channels, int side, double growth, base::Random& random, BlockSpec& block) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    block.out_channels = random.Bernoulli(0.2) ? in_channels : LogUniform(random, 16, kWidest, 8);
    if (type.traits.has_bottleneck) block.bottleneck_channels = LogUniform(random, 8, kWidest, 8);
    if (IsSmall(type, block, in_channels, side, growth)) return;
  }
  block.out_channels = 16;
  if (type.traits.has_bottleneck) block.bottleneck_channels = 8;
  if (side > 1 && !IsSmall(type, block, in_channels, side, growth)) {
    block.stride = 2;
    block.depth = 1;
  }
}

}  // namespace

std::vector<std::string> ProbeTypes() {
  std::vector<std::string> types;
  for (const std::string& name : BlockRegistry::Get().Names()) {
    const BlockTraits& traits = FindBlockType(name).traits;
    if (traits.repeats && !traits.has_time) types.push_back(name);
  }
  return types;
}

NetworkSpec ReferenceNetwork() {
  NetworkSpec spec;
  spec.name = "reference";
  spec.input = {3, 112, 112, 1};
  spec.blocks = {{.type = "conv", .stride = 2, .out_channels = 32},
                 {.type = "bottleneck", .depth = 2, .stride = 2, .out_channels = 192, .bottleneck_channels = 64},
                 {.type = "dw_bottleneck", .depth = 2, .stride = 2, .out_channels = 192, .bottleneck_channels = 384}};
  return spec;
}

NetworkSpec ProbeNetwork(const std::string& type_name, int resolution, base::Random random) {
  const BlockType& type = FindBlockType(type_name);
  const bool depthwise = IsDepthwise(type);
  NetworkSpec network;
  network.name = type_name;
  network.input = {3, resolution, resolution, 1};
  int side = resolution;
  const auto add = [&](const BlockSpec& block) {
    network.blocks.push_back(block);
    side = OutputSize(side, block.stride);
  };
  const bool halves = resolution > 32;
  const double stem = random.Uniform();
  if (stem < 0.2) {
    add({.type = "resnet_conv", .kernel = 7, .stride = 2, .out_channels = LogUniform(random, 16, 96, 8)});
    add({.type = "max_pool", .stride = 2, .out_channels = network.blocks.back().out_channels});
  } else {
    add({.type = "conv", .stride = halves ? 2 : 1, .out_channels = LogUniform(random, 8, 64, 8)});
  }
  const double growth = std::max(1.0, resolution / kResolution * (resolution / kResolution));
  bool may_keep = true;  // the size: once, now and then
  for (bool first = true; side > kSmallestMap || first; first = false) {
    const bool keeps = side <= 1 || (may_keep && random.Bernoulli(0.4));
    may_keep = !keeps;
    BlockSpec block{.type = type_name, .depth = random.Bernoulli(0.5) ? 2 : 1, .stride = keeps ? 1 : 2};
    const double kernel = random.Uniform();
    block.kernel = depthwise && kernel < 0.3 ? 7 : kernel < 0.65 ? 5 : 3;
    DrawWidths(type, network.blocks.back().out_channels, side, growth, random, block);
    add(block);
  }
  network.head.classes = LogUniform(random, 10, 1000, 1);
  Validate(network, type_name);
  return network;
}

}  // namespace deepmad::mad
