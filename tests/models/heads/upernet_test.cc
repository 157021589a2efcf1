#include "models/heads/upernet.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <map>

#include "base/error.h"
#include "base/random.h"
#include "models/layers/module_tree.h"

namespace deepmad::models {
namespace {

struct Head {
  Head(const UPerNetOptions& options, const std::array<int, 4>& in_channels) : net(options, in_channels, root, norms) {}
  torch::nn::Module root{"root"};
  BatchNorms norms;
  UPerNet net;
};

at::Tensor Noise(at::IntArrayRef shape, uint64_t seed) {
  const at::Tensor values = at::zeros(shape);
  base::Random random(seed, base::RandomPurpose::kInit);
  for (int64_t i = 0; i < values.numel(); ++i) values.mutable_data_ptr<float>()[i] = static_cast<float>(random.Normal(0, 0.3));
  return values;
}

std::vector<at::Tensor> Maps(const std::vector<std::pair<int64_t, int64_t>>& sizes, int64_t images = 2) {
  std::vector<at::Tensor> maps;
  for (size_t i = 0; i < sizes.size(); ++i)
    maps.push_back(Noise({images, 4 + static_cast<int64_t>(i), sizes[i].first, sizes[i].second}, i));
  return maps;
}

const std::array<int, 4> kChannels = {4, 5, 6, 7};
const UPerNetOptions kSmall = {.classes = 3, .channels = 8, .auxiliary_channels = 5};

void Fill(Head& head) {
  const at::NoGradGuard no_grad;
  uint64_t seed = 100;
  for (auto& item : head.root.named_parameters()) {
    if (item.value().dim() == 4) item.value().copy_(Noise(item.value().sizes(), seed++));
  }
}

TEST(UPerNet, HasThePublishedParameterCounts) {
  for (const auto& [channels, main, auxiliary] : {std::tuple{std::array{256, 512, 1024, 2048}, 40'590'486, 2'398'358},
                                                  std::tuple{std::array{96, 192, 384, 768}, 31'497'366, 923'798}}) {
    const Head head({}, channels);
    std::map<std::string, int64_t> counts;
    for (const auto& item : head.root.named_parameters()) counts[item.key().substr(0, item.key().find('.'))] += item.value().numel();
    EXPECT_EQ(counts, (std::map<std::string, int64_t>{{"auxiliary_head", auxiliary}, {"decode_head", main}}));
  }
}

TEST(UPerNet, NamesItsTensorsAsPublishedCheckpointsDo) {
  const Head head(kSmall, kChannels);
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : StateDict(head.root)) shapes[name] = tensor.sizes().vec();
  EXPECT_EQ(shapes.at("decode_head.psp_modules.3.1.conv.weight"), (std::vector<int64_t>{8, 7, 1, 1}));
  EXPECT_EQ(shapes.at("decode_head.bottleneck.conv.weight"), (std::vector<int64_t>{8, 7 + 4 * 8, 3, 3}));
  EXPECT_EQ(shapes.at("decode_head.lateral_convs.2.bn.running_mean"), (std::vector<int64_t>{8}));
  EXPECT_EQ(shapes.at("decode_head.fpn_convs.0.conv.weight"), (std::vector<int64_t>{8, 8, 3, 3}));
  EXPECT_EQ(shapes.at("decode_head.fpn_bottleneck.conv.weight"), (std::vector<int64_t>{8, 4 * 8, 3, 3}));
  EXPECT_EQ(shapes.at("decode_head.conv_seg.weight"), (std::vector<int64_t>{3, 8, 1, 1}));
  EXPECT_EQ(shapes.at("auxiliary_head.convs.0.conv.weight"), (std::vector<int64_t>{5, 6, 3, 3}));
  EXPECT_EQ(shapes.at("auxiliary_head.conv_seg.bias"), (std::vector<int64_t>{3}));
  EXPECT_EQ(shapes.size(), 13u * 6 + 2 * 2) << "13 convolutions with five tensors of a norm, and two classifiers";
}

TEST(UPerNet, TakesMapsOfAnySizes) {
  Head head(kSmall, kChannels);
  Fill(head);
  head.root.eval();
  const at::NoGradGuard no_grad;
  for (const auto& sizes : {std::vector<std::pair<int64_t, int64_t>>{{33, 21}, {17, 11}, {9, 6}, {5, 3}},
                            std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}) {
    const std::vector<at::Tensor> maps = Maps(sizes, 1);
    EXPECT_EQ(head.net.ForwardMain(maps).sizes().vec(), (std::vector<int64_t>{1, 3, sizes[0].first, sizes[0].second}));
    EXPECT_EQ(head.net.ForwardAuxiliary(maps).sizes().vec(), (std::vector<int64_t>{1, 3, sizes[2].first, sizes[2].second}));
  }
}

TEST(UPerNet, DropsTheChannelsItIsTold) {
  Head head(kSmall, kChannels);
  Fill(head);
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> maps = Maps({{16, 16}, {8, 8}, {4, 4}, {2, 2}});
  head.root.eval();
  const at::Tensor bias = head.root.named_parameters()["decode_head.conv_seg.bias"];
  bias.fill_(0.25);
  EXPECT_TRUE(at::allclose(head.net.ForwardMain(maps, at::zeros({2, 8, 1, 1})), at::ones({2, 3, 16, 16}) * 0.25))
      << "the bias alone is left";
  EXPECT_TRUE(at::allclose(head.net.ForwardMain(maps, at::ones({2, 8, 1, 1})), head.net.ForwardMain(maps)));
  const at::Tensor twice = head.net.ForwardAuxiliary(maps, at::ones({2, 5, 1, 1}) * 2);
  EXPECT_TRUE(at::allclose(twice, head.net.ForwardAuxiliary(maps) * 2, 1e-4, 1e-5)) << "its bias is 0";
}

TEST(UPerNet, CannotTrainOnOneImageWhoseMapIsPooledToOneValue) {
  Head head(kSmall, kChannels);
  try {
    head.net.ForwardMain(Maps({{16, 16}, {8, 8}, {4, 4}, {2, 2}}, 1));
    FAIL() << "no error";
  } catch (const base::Error& e) {
    EXPECT_NE(std::string(e.what()).find("decode_head.psp_modules.0.1.bn"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace deepmad::models
