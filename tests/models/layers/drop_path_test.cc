#include "models/layers/drop_path.h"

#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>

#include "models/network/init.h"
#include "models/network/network.h"

namespace deepmad::models {
namespace {

base::Random Stream(uint64_t batch) { return base::Random(7, base::RandomPurpose::kDropPath, 0, batch); }

TEST(DropPath, TheShareOfDroppedPathsGrowsLinearlyAndTheMeanIsKept) {
  DropPaths paths(2);
  for (int branch = 0; branch < 5; ++branch) EXPECT_EQ(paths.AddBranch(), branch);
  paths.SetRate(0.4);
  paths.SetTraining(true);
  paths.Draw(Stream(0), 20000, at::kCPU);
  for (int branch = 0; branch < 5; ++branch) {
    const at::Tensor keep = paths.Keep(branch);
    EXPECT_EQ(keep.sizes(), (std::vector<int64_t>{20000, 1, 1, 1}));
    EXPECT_NEAR(keep.eq(0).to(at::kFloat).mean().item<double>(), 0.1 * branch, 0.02);
    EXPECT_NEAR(keep.mean().item<double>(), 1, 0.03);
  }
}

TEST(DropPath, DrawsArePureFunctionsOfTheirStream) {
  DropPaths paths(3);
  paths.AddBranch();
  paths.AddBranch();
  paths.SetRate(0.5);
  paths.SetTraining(true);
  paths.Draw(Stream(1), 64, at::kCPU);
  const at::Tensor first = paths.Keep(1).clone();
  const void* memory = paths.Keep(0).const_data_ptr();
  paths.Draw(Stream(2), 64, at::kCPU);
  EXPECT_FALSE(first.equal(paths.Keep(1)));
  EXPECT_EQ(memory, paths.Keep(0).const_data_ptr());  // a recorded pass reads it there
  paths.Draw(Stream(1), 64, at::kCPU);
  EXPECT_TRUE(first.equal(paths.Keep(1)));
  EXPECT_EQ(first.dim(), 5);
}

// Where every path of a sample's last unit is dropped, what it adds is the shortcut alone.
TEST(DropPath, ADroppedPathLeavesTheShortcutAndOnlyInTraining) {
  const mad::NetworkSpec spec = mad::NetworkFromConfig(base::Config::FromText(R"(
version: 1
name: two
input: {channels: 4, height: 8, width: 8}
blocks:
  - {type: basic, depth: 2, bottleneck_channels: 4, out_channels: 4}
head: {classes: 3}
)"));
  const std::shared_ptr<Network> network = BuildNetwork(spec);
  Initialize(*network, {}, 1);
  network->drop_paths().SetRate(0.9);
  network->drop_paths().Draw(Stream(0), 32, at::kCPU);
  const at::Tensor images = at::linspace(-1, 1, 32 * 4 * 8 * 8).mul(99).sin().reshape({32, 4, 8, 8});
  const at::Tensor evaluated = [&] {
    network->eval();
    const at::Tensor logits = network->Forward(images);
    network->drop_paths().SetRate(0);
    EXPECT_TRUE(logits.equal(network->Forward(images)));
    return logits;
  }();
  network->train();
  const at::Tensor map = network->ForwardWithFeatures(images).features.back();
  const at::Tensor keep = network->drop_paths().Keep(1).flatten();
  EXPECT_GT(keep.eq(0).sum().item<int64_t>(), 16);
  // The first unit is never dropped: with the second one's main path set to zero the dropped samples stay as they are.
  for (const at::Tensor& scale : {network->backbone().residual_scales()[1]}) at::Tensor(scale).detach().zero_();
  const at::Tensor shortcut = network->ForwardWithFeatures(images).features.back();
  for (int64_t i = 0; i < 32; ++i) EXPECT_EQ(map[i].equal(shortcut[i]), keep[i].item<float>() == 0) << i;
}

}  // namespace
}  // namespace deepmad::models
