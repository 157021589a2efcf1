#include "models/network/network.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/layers/module_tree.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

at::Tensor Buffer(const Network& network, const std::string& name) { return network.named_buffers()[name]; }

TEST(Network, GivesLogitsForImagesOfAnySize) {
  const auto network = InitializedNetwork(SmallStructure());
  for (const int64_t size : {64, 33, 17}) {
    EXPECT_EQ(network->Forward(at::rand({2, 3, size, size + 5})).sizes(), at::IntArrayRef({2, 5}));
  }
}

TEST(Network, GivesAMapForEachFeatureLevel) {
  const auto network = InitializedNetwork(SmallStructure());
  const auto maps = network->ForwardFeatures(at::rand({2, 3, 33, 27}));
  ASSERT_EQ(maps.size(), 3u);
  EXPECT_EQ(maps[0].sizes(), at::IntArrayRef({2, 6, 17, 14}));
  EXPECT_EQ(maps[1].sizes(), at::IntArrayRef({2, 10, 9, 7}));
  EXPECT_EQ(maps[2].sizes(), at::IntArrayRef({2, 16, 5, 4}));
}

TEST(Network, EveryParameterGetsAGradient) {
  for (const mad::NetworkSpec& spec : {SmallStructure(), RandomStructure(3), RandomStructure(4)}) {
    const auto network = InitializedNetwork(spec);
    const at::Tensor logits = network->Forward(at::rand(BatchShape(spec, 4)));
    logits.square().sum().backward();
    for (const auto& item : network->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
    }
  }
}

TEST(Network, ChannelsLastGivesTheSameResultAndGradients) {
  const at::Tensor images = FormulaImages({4, 3, 33, 27});
  std::vector<at::Tensor> logits, gradients;
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const auto network = BuildNetwork(SmallStructure());
    network->ConvertTo(at::kDouble);
    FillByFormula(*network);
    network->SetMemoryFormat(format);
    const at::Tensor result = network->Forward(images.contiguous(format));
    result.square().sum().backward();
    logits.push_back(result.detach());
    gradients.push_back(network->parameters().front().grad());
    EXPECT_TRUE(network->parameters().front().is_contiguous(format));
  }
  EXPECT_TRUE(at::allclose(logits[0], logits[1], 1e-9, 1e-12));
  EXPECT_TRUE(at::allclose(gradients[0], gradients[1], 1e-7, 1e-10));
}

TEST(Network, ChannelsLast3dGivesTheSameResultAndGradients) {
  mad::NetworkSpec spec = SmallStructure();
  spec.input = {.channels = 3, .height = 17, .width = 15, .frames = 4};
  spec.blocks = {Block("conv3d", 1, 3, 2, 8), Block("dw_bottleneck3d", 2, 3, 2, 16, 24)};
  for (mad::BlockSpec& block : spec.blocks) block.kernel_t = 3;
  std::vector<at::Tensor> logits, gradients;
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d}) {
    const auto network = BuildNetwork(spec);
    network->ConvertTo(at::kDouble);
    FillByFormula(*network);
    network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);  // of 2-D weights: there are none
    EXPECT_TRUE(network->parameters().front().is_contiguous());
    network->SetMemoryFormat(format);
    EXPECT_TRUE(network->parameters().front().is_contiguous(format));
    const at::Tensor result = network->Forward(FormulaImages(BatchShape(spec, 2)));
    result.square().sum().backward();
    logits.push_back(result.detach());
    gradients.push_back(network->parameters().front().grad());
  }
  EXPECT_TRUE(at::allclose(logits[0], logits[1], 1e-9, 1e-12));
  EXPECT_TRUE(at::allclose(gradients[0], gradients[1], 1e-7, 1e-10));
}

TEST(Network, CountsBatchesInTrainingOnlyAndNotInFrozenParts) {
  const auto network = InitializedNetwork(SmallStructure());
  ModuleAt(*network, "block_list.0")->eval();
  const at::Tensor frozen_mean = Buffer(*network, "block_list.0.bn1.running_mean").clone();
  network->Forward(at::rand({2, 3, 33, 27}));
  network->Forward(at::rand({2, 3, 33, 27}));
  network->eval();
  network->Forward(at::rand({2, 3, 33, 27}));
  EXPECT_EQ(Buffer(*network, "block_list.4.bn1.num_batches_tracked").item<int64_t>(), 2);
  EXPECT_EQ(Buffer(*network, "block_list.0.bn1.num_batches_tracked").item<int64_t>(), 0);
  EXPECT_TRUE(at::equal(Buffer(*network, "block_list.0.bn1.running_mean"), frozen_mean));
  EXPECT_GT(Buffer(*network, "block_list.4.bn1.running_mean").abs().sum().item<float>(), 0);
}

TEST(Network, BatchNormSettingsReachEveryNorm) {
  const auto network = InitializedNetwork(SmallStructure());
  const at::Tensor images = at::rand({2, 3, 33, 27});
  network->batch_norm_settings().momentum = 0;
  network->Forward(images);
  for (const auto& item : network->named_buffers()) {
    if (item.key().ends_with("running_mean")) {
      EXPECT_EQ(item.value().abs().sum().item<float>(), 0) << item.key();
    }
  }
  network->eval();
  network->batch_norm_settings().eps = 1e6;  // divides by 1000 at each norm, so only the classifier's bias is left
  EXPECT_TRUE(at::allclose(network->Forward(images), network->named_parameters()["fc_linear.bias"].expand({2, 5}), 1e-4, 1e-5));
}

TEST(Network, ConvertsFloatingTensorsButNotTheCounters) {
  const auto network = InitializedNetwork(SmallStructure());
  network->ConvertTo(at::kDouble);
  for (const auto& [name, tensor] : network->StateDict()) {
    EXPECT_EQ(tensor.scalar_type(), name.ends_with("num_batches_tracked") ? at::kLong : at::kDouble) << name;
  }
  EXPECT_EQ(network->Forward(at::rand({2, 3, 33, 27}, at::kDouble)).scalar_type(), at::kDouble);
}

TEST(Network, RefusesImagesOfAnotherKind) {
  const auto network = InitializedNetwork(SmallStructure());
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 1, 33, 27}, {3, 33, 27}}) {
    try {
      network->Forward(at::zeros(shape));
      FAIL() << "accepted " << shape.size() << " dimensions";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
      EXPECT_NE(std::string(error.what()).find("3 channels"), std::string::npos) << error.what();
    }
  }
}

TEST(Network, GivesTheLevelsThatItsHeadNamesAndNoLogitsWithoutAClassifier) {
  mad::NetworkSpec spec = SmallStructure();
  spec.head = {.type = "features", .classes = 0, .levels = {0, 2}};
  const auto network = InitializedNetwork(spec);
  const auto maps = network->ForwardFeatures(at::rand({2, 3, 33, 27}));
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[1].sizes(), at::IntArrayRef({2, 16, 5, 4}));
  try {
    network->Forward(at::rand({2, 3, 33, 27}));
    FAIL() << "logits of a backbone";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("no classifier"), std::string::npos) << error.what();
  }
}

TEST(Network, RefusesToTrainANormOnOneValue) {
  mad::NetworkSpec spec = SmallStructure();
  const auto network = InitializedNetwork(spec);
  try {
    network->Forward(at::rand({1, 3, 4, 4}));
    FAIL() << "trained on one value";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("single value a channel"), std::string::npos) << error.what();
  }
  network->eval();
  EXPECT_EQ(network->Forward(at::rand({1, 3, 4, 4})).size(1), 5);
}

TEST(Network, RefusesAnInvalidStructure) {
  mad::NetworkSpec spec = SmallStructure();
  spec.blocks[1].out_channels = 0;
  EXPECT_THROW(BuildNetwork(spec), base::Error);
}

}  // namespace
}  // namespace deepmad::models
