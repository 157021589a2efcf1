// FCOS and GFLv2 as parts of a network: names, sizes, first weights.
#include "models/heads/detection_head.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <map>

#include "base/error.h"
#include "models/heads/gflv2.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

const std::vector<std::string> kTypes = {"fcos", "fcos_plain", "gflv2"};

mad::NetworkSpec Structure(const std::string& head, int channels = 64) {
  mad::NetworkSpec spec;
  spec.name = "small";
  spec.input = {.channels = 3, .height = 64, .width = 64};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("basic", 1, 3, 2, 8, 6), Block("basic", 1, 3, 2, 10, 6), Block("basic", 1, 3, 2, 12, 6),
                 Block("basic", 1, 3, 2, 14, 6)};
  spec.head.type = head;
  spec.head.classes = 80;
  spec.head.channels = channels;
  return spec;
}

const DetectionHead& HeadOf(const Network& network) { return dynamic_cast<const DetectionHead&>(*network.head()); }

TEST(DetectionHead, GivesThreeMapsALevelOfAnySize) {
  const at::NoGradGuard no_grad;
  for (const std::string& type : kTypes) {
    SCOPED_TRACE(type);
    const auto network = InitializedNetwork(Structure(type));
    network->eval();
    const std::vector<at::Tensor> maps = network->ForwardHead(at::randn({2, 3, 96, 160}));
    ASSERT_EQ(maps.size(), 15u);
    const std::vector<std::pair<int64_t, int64_t>> sizes = {{12, 20}, {6, 10}, {3, 5}, {2, 3}, {1, 2}};
    for (size_t level = 0; level < 5; ++level) {
      const auto [rows, columns] = sizes[level];
      EXPECT_EQ(maps[3 * level].sizes().vec(), (std::vector<int64_t>{2, 80, rows, columns}));
      EXPECT_EQ(maps[3 * level + 1].sizes().vec(), (std::vector<int64_t>{2, 1, rows, columns}));
      EXPECT_EQ(maps[3 * level + 2].sizes().vec(), (std::vector<int64_t>{2, 4, rows, columns}));
      EXPECT_GE(maps[3 * level + 2].min().item<double>(), 0);
    }
    EXPECT_EQ(network->ForwardHead(at::randn({1, 3, 33, 47})).size(), 15u) << "sides that no stride divides";
  }
}

TEST(DetectionHead, StartsWithThePublishedInitialValues) {
  const at::NoGradGuard no_grad;
  for (const std::string& type : kTypes) {
    SCOPED_TRACE(type);
    const auto network = InitializedNetwork(Structure(type));
    const auto parameters = network->named_parameters();
    const std::string classes = type == "gflv2" ? "bbox_head.gfl_cls" : "bbox_head.conv_cls";
    EXPECT_NEAR(parameters[classes + ".bias"].min().item<double>(), -4.595, 1e-3);
    EXPECT_EQ(parameters[classes + ".bias"].min().item<double>(), parameters[classes + ".bias"].max().item<double>());
    EXPECT_NEAR(parameters[classes + ".weight"].std().item<double>(), 0.01, 2e-4);
    EXPECT_NEAR(parameters["bbox_head.reg_convs.3.conv.weight"].std().item<double>(), 0.01, 2e-4);
    EXPECT_EQ(parameters["bbox_head.cls_convs.0.gn.weight"].min().item<double>(), 1);
    EXPECT_EQ(parameters["bbox_head.scales.4.scale"].item<double>(), 1);
    // Uniform within sqrt(6 / (9 * 64 + 9 * 64)).
    const double bound = std::sqrt(6.0 / (18 * 64));
    EXPECT_NEAR(parameters["neck.fpn_convs.4.conv.weight"].abs().max().item<double>(), bound, 1e-3);
    EXPECT_NEAR(parameters["neck.fpn_convs.4.conv.weight"].std().item<double>(), bound / std::sqrt(3.0), 1e-3);
    EXPECT_EQ(parameters["neck.lateral_convs.0.conv.bias"].abs().max().item<double>(), 0);
  }
}

TEST(DetectionHead, HasTheTensorsOfPublishedCheckpoints) {
  std::map<std::string, std::map<std::string, std::vector<int64_t>>> shapes;
  for (const std::string& type : kTypes) {
    for (const auto& [name, tensor] : BuildNetwork(Structure(type, 256))->StateDict()) shapes[type][name] = tensor.sizes().vec();
  }
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(shapes["fcos"].at("neck.lateral_convs.2.conv.weight"), (Shape{256, 14, 1, 1}));
  EXPECT_EQ(shapes["fcos"].at("neck.fpn_convs.3.conv.weight"), (Shape{256, 256, 3, 3}));
  EXPECT_EQ(shapes["fcos"].at("bbox_head.conv_cls.weight"), (Shape{80, 256, 3, 3}));
  EXPECT_EQ(shapes["fcos"].at("bbox_head.conv_reg.bias"), (Shape{4}));
  EXPECT_EQ(shapes["fcos"].at("bbox_head.conv_centerness.weight"), (Shape{1, 256, 3, 3}));
  EXPECT_EQ(shapes["fcos"].at("bbox_head.scales.0.scale"), Shape{});
  EXPECT_EQ(shapes["gflv2"].at("bbox_head.gfl_reg.weight"), (Shape{68, 256, 3, 3}));
  EXPECT_EQ(shapes["gflv2"].at("bbox_head.reg_conf.0.weight"), (Shape{64, 20, 1, 1}));
  EXPECT_EQ(shapes["gflv2"].at("bbox_head.reg_conf.2.bias"), (Shape{1}));
  for (const std::string& type : kTypes) {
    EXPECT_EQ(shapes[type].contains("bbox_head.cls_convs.1.conv.bias"), type == "fcos") << type << ": towers with biases";
  }
  EXPECT_EQ(shapes["fcos_plain"].size() + 8, shapes["fcos"].size());
}

TEST(DetectionHead, DistancesOfGflAreTheMeansOfTheirDistributions) {
  const at::NoGradGuard no_grad;
  const auto network = InitializedNetwork(Structure("gflv2"));
  network->eval();
  const std::vector<DetectionMaps> maps = HeadOf(*network).ForwardMaps(network->ForwardFeatures(at::randn({1, 3, 64, 64})));
  // Small weights: each distribution is nearly even, so each side is about 8 strides long.
  EXPECT_NEAR(maps[0].distances.mean().item<double>(), 8, 0.5);
  EXPECT_EQ(maps[0].bins.size(1), 4 * GflHead::kBins);
  EXPECT_EQ(HeadOf(*network).unit(16), 16);
  network->ConvertTo(at::kDouble);
  EXPECT_EQ(HeadOf(*network).ForwardMaps(network->ForwardFeatures(at::randn({1, 3, 64, 64})))[4].quality.scalar_type(), at::kDouble);
}

TEST(DetectionHead, NamesChannelsThatItsNormsCannotGroup) {
  try {
    BuildNetwork(Structure("fcos", 48));
    FAIL() << "was accepted";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("head fcos with 48 channels"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("a multiple of 32"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deepmad::models
