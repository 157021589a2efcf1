// Dense heads as parts of a network: their maps, their first weights, and the weights of a classifier's backbone below them.
#include "models/heads/head.h"

#include <gtest/gtest.h>

#include <ATen/ops/randn.h>
#include <torch/nn/module.h>

#include "base/error.h"
#include "mad/network/dense_head_type.h"
#include "models/weights/load.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

// Stages of strides 2 to 32.
mad::NetworkSpec Structure(const std::string& head) {
  mad::NetworkSpec spec;
  spec.name = "small";
  spec.input = {.channels = 3, .height = 64, .width = 64};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("basic", 1, 3, 2, 8, 6), Block("basic", 1, 3, 2, 10, 6), Block("basic", 1, 3, 2, 12, 6),
                 Block("basic", 1, 3, 2, 14, 6)};
  spec.head.type = head;
  spec.head.classes = 5;
  if (head != "classifier") spec.head.channels = 32;
  return spec;
}

std::vector<std::string> Types() { return HeadRegistry::Get().Names(); }

TEST(HeadRegistry, EveryTypeIsKnownToTheMathematics) {
  EXPECT_EQ(Types().size(), mad::DenseHeads().size());
  for (const std::string& type : Types()) EXPECT_NE(mad::FindDenseHead(type), nullptr) << type;
}

TEST(HeadRegistry, EveryHeadNamesItsTensorsAndPredicts) {
  for (const std::string& type : Types()) {
    SCOPED_TRACE(type);
    const auto network = InitializedNetwork(Structure(type));
    const auto plain = InitializedNetwork(Structure("classifier"));
    network->eval();
    size_t of_head = 0;
    for (const auto& [name, tensor] : network->StateDict()) of_head += network->OfHead(name);
    EXPECT_EQ(network->StateDict().size() - of_head, plain->StateDict().size() - 2);  // less the classifier's weight and bias
    const std::vector<at::Tensor> outputs = network->ForwardHead(at::randn({2, 3, 64, 96}));
    EXPECT_FALSE(outputs.empty());
    for (const at::Tensor& output : outputs) EXPECT_TRUE(output.isfinite().all().item<bool>());
    EXPECT_THROW(network->Forward(at::randn({1, 3, 64, 64})), base::Error);
  }
}

TEST(HeadRegistry, EveryParameterIsInitialised) {
  for (const std::string& type : Types()) {
    const auto network = InitializedNetwork(Structure(type));
    for (const auto& item : network->named_parameters()) {
      if (item.value().dim() < 2) continue;
      EXPECT_GT(item.value().abs().sum().item<double>(), 0) << type << " " << item.key();
    }
  }
}

TEST(HeadRegistry, ABackboneTrainedUnderAClassifierFitsBelowEveryHead) {
  const auto classifier = InitializedNetwork(Structure("classifier"), 2);
  for (const std::string& type : Types()) {
    const auto network = InitializedNetwork(Structure(type), 3);
    const at::Tensor before = network->parameters().back().clone();
    LoadStateDict(*network, classifier->StateDict(), HeadPolicy::kDrop, "file");
    EXPECT_TRUE(network->parameters().front().equal(classifier->parameters().front()));
    EXPECT_TRUE(network->parameters().back().equal(before));
    EXPECT_THROW(LoadStateDict(*network, classifier->StateDict(), HeadPolicy::kStrict, "file"), base::Error);
  }
}

TEST(NetworkHead, ANetworkWithoutADenseHeadHasNone) {
  const auto network = InitializedNetwork(Structure("classifier"));
  EXPECT_EQ(network->head(), nullptr);
  EXPECT_THROW(network->ForwardHead(at::randn({1, 3, 64, 64})), base::Error);
}

TEST(NetworkHead, PixelClassifiersStartSmall) {
  const auto network = InitializedNetwork(Structure("upernet"));
  const auto parameters = network->named_parameters();
  EXPECT_NEAR(parameters["decode_head.conv_seg.weight"].std().item<double>(), 0.01, 0.002);
  EXPECT_EQ(parameters["decode_head.conv_seg.bias"].abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace deepmad::models
