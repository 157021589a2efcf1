// Whole networks: activation checkpointing, and the published structures against the published reference's outputs.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "tests/gpu/test_device.h"
#include "tests/models/forward_golden.h"

namespace deepmad::models {
namespace {

mad::NetworkSpec MixedNetwork() {
  return mad::NetworkFromConfig(base::Config::FromText(R"(
version: 1
name: mixed
input: {channels: 3, height: 32, width: 32}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: bottleneck, depth: 2, stride: 2, bottleneck_channels: 8, out_channels: 16}
  - {type: dw_se_bottleneck, depth: 2, stride: 2, kernel: 5, bottleneck_channels: 24, out_channels: 24, activation: silu}
  - {type: convnext, depth: 2, bottleneck_channels: 32, out_channels: 24}
  - {type: transformer, depth: 2, bottleneck_channels: 32, out_channels: 64, layer_scale: true}
head: {classes: 5}
)"));
}

// Logits, gradients and running statistics of a training pass in float64.
NamedTensors PassOf(at::Device device, bool recompute) {
  const std::shared_ptr<Network> network = BuildNetwork(MixedNetwork());
  network->ConvertTo(at::kDouble);
  FillByFormula(*network);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  network->to(device);
  network->SetRecompute(recompute);
  const at::Tensor logits = network->Forward(ExactValues(1, {4, 3, 32, 32}, 1.5).to(device).contiguous(at::MemoryFormat::ChannelsLast));
  logits.square().mean().backward();
  NamedTensors after = {{"logits", logits}};
  for (const auto& named : network->named_parameters()) after.emplace_back(named.key(), named.value().grad());
  for (const auto& named : network->named_buffers()) after.emplace_back(named.key(), named.value());
  return after;
}

TEST(RecomputeOnDevice, GivesTheGradientsAndStatisticsOfTheCpuWithoutIt) {
  const NamedTensors expected = PassOf(at::kCPU, false), actual = PassOf(TestDevice(), true);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ExpectClose(actual[i].second.to(at::kDouble), expected[i].second, expected[i].first);
}

// As tests/models/forward_golden_test.cc: float32 to 1e-4 of the largest output, since the reference's own is that far off its float64.
void ExpectTheReference(const std::string& name) {
  SCOPED_TRACE(name);
  const at::NoGradGuard no_grad;
  const base::Json& golden = GoldenOf("forward", name);
  const auto network = FilledNetwork(golden, at::kDouble);
  network->eval();
  network->to(TestDevice());
  const at::Tensor images = GoldenImages(golden).to(TestDevice());
  const auto expect = [&](const at::Tensor& input, const base::Json& expected, double relative, double magnitude) {
    std::vector<at::Tensor> outputs;
    const bool classifies = network->spec().head.IsClassifier();
    if (classifies) {
      outputs = {network->Forward(input)};
    } else {
      outputs = network->ForwardFeatures(input);
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_EQ(outputs[i].device().type(), TestDevice().type());
      ExpectLike(outputs[i].cpu(), classifies ? expected : expected.at(i), relative, "output " + std::to_string(i), magnitude);
    }
  };
  expect(images, golden.at("float64"), 1e-9, 0);
  if (!golden.contains("float32")) return;
  network->ConvertTo(at::kFloat);
  expect(images.to(at::kFloat), golden.at("float32"), 1e-4, golden.at("float32_vs_float64").at("max_abs"));
}

TEST(ForwardGoldenOnDevice, Bottlenecks) { ExpectTheReference("deepmad-r18"); }
TEST(ForwardGoldenOnDevice, SqueezeExcite) { ExpectTheReference("deepmad-29m-224"); }
TEST(ForwardGoldenOnDevice, Detection) { ExpectTheReference("maedet-s"); }
TEST(ForwardGoldenOnDevice, Video) { ExpectTheReference("e3d-s"); }
TEST(ForwardGoldenOnDevice, Quantised) { ExpectTheReference("mixed7d0g"); }

}  // namespace
}  // namespace deepmad::models
