#include "models/network/activation_checkpoint.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/linspace.h>
#include <c10/core/Allocator.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

// Squeeze-excite, depthwise convolutions, a shortcut by pooling, two strides; layer norms, layer scales and attention.
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

// Gradients of one training pass, and the statistics after it.
NamedTensors AfterOnePass(bool recompute, std::optional<at::ScalarType> autocast, double drop_path) {
  const std::shared_ptr<Network> network = BuildNetwork(MixedNetwork());
  Initialize(*network, {}, 3);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  network->SetRecompute(recompute);
  network->drop_paths().SetRate(drop_path);
  network->drop_paths().Draw(base::Random(1, base::RandomPurpose::kDropPath), 4, at::kCPU);
  const at::Tensor images =
      at::linspace(-2, 2, 4 * 3 * 32 * 32).mul(50).sin().reshape({4, 3, 32, 32}).contiguous(at::MemoryFormat::ChannelsLast);
  at::autocast::set_autocast_enabled(at::kCPU, autocast.has_value());
  if (autocast) at::autocast::set_autocast_dtype(at::kCPU, *autocast);
  const Network::LogitsAndFeatures result = network->ForwardWithFeatures(images);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  at::Tensor loss = result.logits.to(at::kFloat).square().mean();
  for (const at::Tensor& map : result.features) loss = loss + map.to(at::kFloat).square().mean();
  loss.backward();
  NamedTensors after;
  for (const auto& named : network->named_parameters()) after.emplace_back(named.key(), named.value().grad());
  for (const auto& named : network->named_buffers()) after.emplace_back(named.key(), named.value());
  return after;
}

TEST(Recompute, GivesTheSameGradientsAndStatisticsBitForBit) {
  for (const std::optional<at::ScalarType> autocast : {std::optional<at::ScalarType>(), {at::kBFloat16}, {at::kHalf}}) {
    for (const double drop_path : {0.0, 0.5}) {
      const NamedTensors kept = AfterOnePass(false, autocast, drop_path), again = AfterOnePass(true, autocast, drop_path);
      ASSERT_EQ(kept.size(), again.size());
      for (size_t i = 0; i < kept.size(); ++i) {
        ASSERT_TRUE(again[i].second.defined()) << again[i].first;
        EXPECT_TRUE(kept[i].second.equal(again[i].second)) << kept[i].first;
      }
    }
  }
}

// Bytes of tensors, and the most there were at a time.
class TensorBytes : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    live_ += size;
    peak_ = std::max(peak_, live_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t live_ = 0, peak_ = 0;
};

TEST(Recompute, NeedsLessMemory) {
  int64_t peak[2];
  for (const bool recompute : {false, true}) {
    const std::shared_ptr<Network> network = BuildNetwork(PublishedStructure("deepmad-r18"));
    Initialize(*network, {}, 3);
    network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
    network->SetRecompute(recompute);
    const at::Tensor images = at::linspace(-2, 2, 8 * 3 * 128 * 128).reshape({8, 3, 128, 128}).contiguous(at::MemoryFormat::ChannelsLast);
    const auto bytes = std::make_shared<TensorBytes>();
    const c10::DebugInfoGuard counting(c10::DebugInfoKind::PROFILER_STATE, bytes);
    network->Forward(images).square().mean().backward();
    peak[recompute] = bytes->peak();
  }
  RecordProperty("megabytes", std::to_string(peak[false] >> 20) + " recomputed " + std::to_string(peak[true] >> 20));
  EXPECT_LT(peak[true], 0.6 * static_cast<double>(peak[false])) << peak[true] << " " << peak[false];
}

}  // namespace
}  // namespace deepmad::models
