// A pass of the folded network executes the operations that a latency model adds up, in the same order and with the work that their
// channels and maps imply, for every registered block.
#include "mad/latency/fused_layers.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "models/inference/inference_network.h"
#include "models/network/network.h"

namespace deepmad::models {
namespace {

// Random widths, depths, kernels and strides; the type in the middle, where its input has a number of channels that may change.
mad::NetworkSpec RandomNetwork(const std::string& name, base::Random& random) {
  const mad::BlockTraits& traits = mad::FindBlockType(name).traits;
  const auto channels = [&] { return 8 * static_cast<int>(random.UniformInt(1, 4)); };
  const char* conv = traits.has_time ? "conv3d" : "conv";
  mad::NetworkSpec spec;
  spec.input = {3, 21, 24, traits.has_time ? 2 : 1};
  spec.blocks = {{.type = conv, .stride = 2, .out_channels = channels()}};
  for (int i = 0; i < 3; ++i) {
    mad::BlockSpec block{.type = name};
    block.depth = traits.repeats ? static_cast<int>(random.UniformInt(1, 3)) : 1;
    block.kernel = random.Bernoulli(0.5) ? 3 : 5;
    block.stride = static_cast<int>(random.UniformInt(1, 2));
    block.out_channels = traits.keeps_channels || random.Bernoulli(0.3) ? spec.blocks.back().out_channels : channels();
    if (traits.has_bottleneck) block.bottleneck_channels = channels();
    spec.blocks.push_back(block);
    // Other tensors' names than its own where a type says them once.
    if (!traits.repeats) spec.blocks.push_back({.type = conv, .kernel = 1, .out_channels = channels()});
    if (!traits.repeats && i == 0) break;
  }
  spec.head.classes = 7;
  return spec;
}

class LayerWorkTest : public ::testing::TestWithParam<std::string> {};

TEST_P(LayerWorkTest, IsWhatThePassDoesInItsOrder) {
  for (uint64_t trial = 0; trial < 6; ++trial) {
    base::Random random(5, base::RandomPurpose::kSearch, 0, trial);
    const mad::NetworkSpec spec = RandomNetwork(GetParam(), random);
    mad::Validate(spec);
    Network network(spec);
    const InferenceNetwork folded(network);
    LayerClock clock(at::kCPU);
    std::vector<int64_t> shape{1, 3, spec.input.height, spec.input.width};
    if (spec.SpatialDims() == 3) shape.insert(shape.begin() + 2, spec.input.frames);
    folded.Forward(at::zeros(shape), &clock);

    const std::vector<mad::LayerWork<double>> work = mad::NetworkWork(spec);
    ASSERT_EQ(work.size(), clock.layers().size()) << mad::NetworkToYaml(spec);
    for (size_t i = 0; i < work.size(); ++i) {
      const LayerTime& live = clock.layers()[i];
      EXPECT_EQ(work[i].name, live.name);
      const mad::WorkShape& at = work[i].shape;
      const double area = at.map.Volume(), in = work[i].in, out = work[i].out;
      double macs = 0;
      if (at.op == mad::FusedOp::kConv) macs = area * in * out * at.kernel.Volume();
      if (at.op == mad::FusedOp::kDepthwise) macs = area * out * at.kernel.Volume();
      if (at.op == mad::FusedOp::kSqueezeExcite) macs = 2 * in * out;
      if (at.op == mad::FusedOp::kClassifier) macs = in * out;
      if (at.op == mad::FusedOp::kAttention) macs = 2 * area * area * out;
      EXPECT_EQ(live.macs, macs) << live.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, LayerWorkTest, ::testing::ValuesIn(mad::BlockRegistry::Get().Names()));

TEST(LayerWork, NamesTheQuantisersOfAQuantisedNetwork) {
  mad::NetworkSpec spec;
  spec.input = {3, 16, 16, 1};
  spec.blocks = {{.type = "conv", .stride = 2, .out_channels = 8},
                 {.type = "bottleneck", .depth = 2, .stride = 2, .out_channels = 16, .bottleneck_channels = 8}};
  for (mad::BlockSpec& block : spec.blocks) block.activation_bits = block.weight_bits = {4};
  spec.head = {.type = "features", .classes = 0};
  Network network(spec);
  LayerClock clock(at::kCPU);
  InferenceNetwork(network).ForwardFeatures(at::zeros({1, 3, 16, 16}), &clock);
  const std::vector<mad::LayerWork<double>> work = mad::NetworkWork(spec);
  ASSERT_EQ(work.size(), clock.layers().size());
  for (size_t i = 0; i < work.size(); ++i) EXPECT_EQ(work[i].name, clock.layers()[i].name);
  EXPECT_EQ(clock.layers()[1].kind, "quantise");
  EXPECT_EQ(clock.layers()[2].kind, "conv 3x3");
}

}  // namespace
}  // namespace deepmad::models
