// What an ONNX model says of a network, before it is a file.
#include "models/export/onnx_network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "base/error.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

std::shared_ptr<Network> FilledNetwork(const mad::NetworkSpec& spec) {
  auto network = BuildNetwork(spec);
  FillByFormula(*network);
  network->eval();
  return network;
}

std::map<std::string, OnnxTensor> WeightsOf(const OnnxModel& model) {
  std::map<std::string, OnnxTensor> weights;
  for (const OnnxTensor& tensor : model.weights) EXPECT_TRUE(weights.emplace(tensor.name, tensor).second) << tensor.name;
  return weights;
}

std::map<std::string, at::Tensor> StateOf(const Network& network) {
  const NamedTensors state = network.StateDict();
  return {state.begin(), state.end()};
}

int Count(const OnnxModel& model, const std::string& op) {
  int count = 0;
  for (const OnnxNode& node : model.nodes) count += node.op == op;
  return count;
}

std::string Bytes(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous();
  return {static_cast<const char*>(values.const_data_ptr()), values.nbytes()};
}

// A convolution each of 5 bits and of 8 bits, and a quantised classifier.
mad::NetworkSpec QuantisedStructure() {
  mad::NetworkSpec spec = SmallStructure();
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("conv", 1, 1, 1, 8)};
  spec.blocks[0].activation_bits = spec.blocks[0].weight_bits = {5};
  spec.blocks[1].activation_bits = spec.blocks[1].weight_bits = {8};
  spec.head.bits = 8;
  return spec;
}

TEST(OnnxNetwork, WeightsAreTheTensorsOfTheStateDict) {
  const auto network = FilledNetwork(SmallStructure());
  network->batch_norm_settings().eps = 0.5;
  const OnnxModel model = OnnxFromNetwork(*network, {});
  const auto weights = WeightsOf(model);
  size_t expected = 0;
  for (const auto& [name, tensor] : network->StateDict()) {
    if (name.ends_with("num_batches_tracked")) continue;
    ++expected;
    ASSERT_TRUE(weights.contains(name)) << name;
    EXPECT_EQ(weights.at(name).dims, tensor.sizes().vec()) << name;
    EXPECT_EQ(weights.at(name).bytes, Bytes(tensor)) << name;
  }
  EXPECT_EQ(weights.size(), expected);
  EXPECT_EQ(model.name, "small");
  for (const OnnxNode& node : model.nodes) {
    if (node.op != "BatchNormalization") continue;
    EXPECT_EQ(std::get<float>(node.attributes.at(0).value), 0.5F);
  }
}

TEST(OnnxNetwork, FoldedNormsBecomeABiasOfTheConvolution) {
  const auto network = FilledNetwork(SmallStructure());
  const OnnxModel plain = OnnxFromNetwork(*network, {}), folded = OnnxFromNetwork(*network, {.fold_norms = true});
  const int convolutions = Count(plain, "Conv");
  EXPECT_EQ(Count(plain, "BatchNormalization"), convolutions);
  EXPECT_EQ(Count(folded, "BatchNormalization"), 0);
  EXPECT_EQ(folded.nodes.size() + static_cast<size_t>(convolutions), plain.nodes.size());
  const auto weights = WeightsOf(folded);
  EXPECT_EQ(weights.size(), 2 * static_cast<size_t>(convolutions) + 2);
  EXPECT_EQ(weights.at("block_list.0.conv1.bias").dims, (std::vector<int64_t>{6}));

  const auto state = StateOf(*network);
  float first = 0;
  std::memcpy(&first, weights.at("block_list.0.conv1.weight").bytes.data(), sizeof(first));
  const auto value = [&](const char* name) { return state.at(name).flatten()[0].item<double>(); };
  EXPECT_NEAR(
      first,
      value("block_list.0.conv1.weight") * value("block_list.0.bn1.weight") / std::sqrt(value("block_list.0.bn1.running_var") + 1e-5),
      1e-7);
}

// The operator's own numbers are others: 0.2 and 0.5.
TEST(OnnxNetwork, HardSigmoidSaysItsSlope) {
  const OnnxModel model = OnnxFromNetwork(*FilledNetwork(HardSwishStructure()), {});
  EXPECT_EQ(Count(model, "HardSwish"), 9);
  EXPECT_EQ(Count(model, "HardSigmoid"), 6);
  for (const OnnxNode& node : model.nodes) {
    if (node.op != "HardSigmoid") continue;
    ASSERT_EQ(node.attributes.size(), 2u);
    EXPECT_EQ(node.attributes[0].name, "alpha");
    EXPECT_EQ(std::get<float>(node.attributes[0].value), 1.0F / 6);
    EXPECT_EQ(node.attributes[1].name, "beta");
    EXPECT_EQ(std::get<float>(node.attributes[1].value), 0.5F);
  }
}

TEST(OnnxNetwork, InputsAndOutputsHaveTheShapesThatTheNetworkGives) {
  const at::NoGradGuard no_grad;
  mad::NetworkSpec video = PublishedStructure("e3d-s");
  video.input = {.channels = 3, .height = 37, .width = 50, .frames = 3};
  mad::NetworkSpec features = SmallStructure();
  features.head = {.type = "features", .classes = 0, .levels = {0, 2}};
  for (const mad::NetworkSpec& spec : {video, features}) {
    const auto network = FilledNetwork(spec);
    const OnnxModel model = OnnxFromNetwork(*network, {});
    ASSERT_EQ(model.inputs.size(), 1u);
    EXPECT_EQ(model.inputs[0].name, "images");
    EXPECT_EQ(model.inputs[0].dims, BatchShape(spec, kAnyBatch));
    const std::vector<at::Tensor> maps = network->ForwardFeatures(at::zeros(BatchShape(spec, 1)));
    ASSERT_EQ(model.outputs.size(), maps.size());
    for (size_t level = 0; level < maps.size(); ++level) {
      std::vector<int64_t> dims = maps[level].sizes().vec();
      dims[0] = kAnyBatch;
      EXPECT_EQ(model.outputs[level].dims, dims);
      EXPECT_EQ(model.outputs[level].name, "stride_" + std::to_string(network->backbone().levels()[level].stride));
    }
  }
  const auto network = FilledNetwork(SmallStructure());
  const OnnxModel model = OnnxFromNetwork(*network, {});
  ASSERT_EQ(model.outputs.size(), 1u);
  EXPECT_EQ(model.outputs[0].name, "logits");
  EXPECT_EQ(model.outputs[0].dims, (std::vector<int64_t>{kAnyBatch, 5}));
}

TEST(OnnxNetwork, EveryNodeTakesWhatIsThereAndNothingIsLeftOver) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const auto network = FilledNetwork(RandomStructure(seed, {.quantised = true, .features = true}));
    for (const bool fold : {false, true}) {
      const OnnxModel model = OnnxFromNetwork(*network, {.fold_norms = fold});
      std::set<std::string> known = {"images"}, used, names;
      for (const auto& [name, tensor] : WeightsOf(model)) known.insert(name);
      for (const OnnxNode& node : model.nodes) {
        EXPECT_TRUE(names.insert(node.name).second) << node.name;
        for (const std::string& input : node.inputs) EXPECT_TRUE(known.contains(input)) << node.name << " takes " << input;
        used.insert(node.inputs.begin(), node.inputs.end());
        for (const std::string& output : node.outputs) EXPECT_TRUE(known.insert(output).second) << output;
      }
      for (const OnnxValue& output : model.outputs) used.insert(output.name);
      EXPECT_EQ(known, used);
    }
  }
}

TEST(OnnxNetwork, QuantisedLayersHaveWholeNumbersAndSteps) {
  const auto network = FilledNetwork(QuantisedStructure());
  const auto state = StateOf(*network);
  const OnnxModel plain = OnnxFromNetwork(*network, {});
  EXPECT_EQ(Count(plain, "QuantizeLinear"), 3);
  EXPECT_EQ(Count(plain, "DequantizeLinear"), 6);
  EXPECT_EQ(Count(plain, "Clip"), 1);  // of 5 bits; 8 are those of int8
  const auto weights = WeightsOf(plain);
  for (const char* layer : {"block_list.0.conv1", "block_list.1.conv1", "fc_linear"}) {
    SCOPED_TRACE(layer);
    const std::string name = layer;
    EXPECT_FALSE(weights.contains(name + ".weight"));
    const OnnxTensor& levels = weights.at(name + ".weightq");
    EXPECT_EQ(levels.type, OnnxType::kInt8);
    EXPECT_EQ(levels.dims, state.at(name + ".weight").sizes().vec());
    EXPECT_EQ(weights.at(name + ".weight_quan.s").bytes, Bytes(state.at(name + ".weight_quan.s")));
    EXPECT_EQ(weights.at(name + ".act_quan.s").bytes, Bytes(state.at(name + ".act_quan.s")));
  }
  int largest = 0;
  for (const char level : weights.at("block_list.0.conv1.weightq").bytes) largest = std::max(largest, std::abs(static_cast<int>(level)));
  EXPECT_GT(largest, 2);
  EXPECT_LE(largest, 16);
}

TEST(OnnxNetwork, QuantisedConvolutionsKeepTheirNorms) {
  mad::NetworkSpec spec = QuantisedStructure();
  spec.blocks.push_back(Block("conv", 1, 3, 1, 8));
  const OnnxModel model = OnnxFromNetwork(*FilledNetwork(spec), {.fold_norms = true});
  EXPECT_EQ(Count(model, "BatchNormalization"), 2);
  const auto weights = WeightsOf(model);
  EXPECT_FALSE(weights.contains("block_list.1.conv1.bias"));
  EXPECT_TRUE(weights.contains("block_list.2.conv1.bias"));
}

TEST(OnnxNetwork, WhateverTypeAndLayoutTheNetworkHasTheFileIsFloat32RowByRow) {
  const auto network = FilledNetwork(SmallStructure());
  const OnnxModel expected = OnnxFromNetwork(*network, {});
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  EXPECT_EQ(OnnxFromNetwork(*network, {}).weights[0].bytes, expected.weights[0].bytes);
  network->ConvertTo(at::kDouble);
  EXPECT_EQ(OnnxFromNetwork(*network, {}).weights[0].bytes, expected.weights[0].bytes);
}

void ExpectRefusal(Network& network, const std::string& what, const std::string& where) {
  try {
    OnnxFromNetwork(network, {});
    FAIL() << "no refusal";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(where), std::string::npos) << error.what();
  }
}

TEST(OnnxNetwork, RefusesMoreWeightsThanAFileHolds) {
  const auto network = FilledNetwork(SmallStructure());
  at::Tensor weight = StateOf(*network).at("fc_linear.weight");
  weight.set_data(at::zeros({1}).expand({50'000, 50'000}));  // 10 GB, which nobody has to hold
  ExpectRefusal(*network, "too large for an ONNX file", "fc_linear.weight");
}

TEST(OnnxNetwork, RefusesStepsThatAreNotPositive) {
  for (const char* name : {"block_list.1.conv1.act_quan.s", "fc_linear.weight_quan.s"}) {
    const auto network = FilledNetwork(QuantisedStructure());
    StateOf(*network).at(name).flatten()[0].zero_();
    ExpectRefusal(*network, "a quantisation step is not positive", name);
  }
}

}  // namespace
}  // namespace deepmad::models
