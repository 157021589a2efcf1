#include "models/inference/inference_network.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "mad/cost/network_cost.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

// Weights, running statistics and quantiser steps all away from their initial values.
std::shared_ptr<Network> FilledNetworkOf(const mad::NetworkSpec& spec, at::ScalarType dtype) {
  const auto network = BuildNetwork(spec);
  network->ConvertTo(at::kDouble);
  FillByFormula(*network);
  network->ConvertTo(dtype);
  network->eval();
  return network;
}

std::vector<at::Tensor> Outputs(Network& network, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> outputs = network.ForwardFeatures(images);
  if (network.spec().head.IsClassifier()) outputs.push_back(network.Forward(images));
  return outputs;
}

std::vector<at::Tensor> Outputs(const InferenceNetwork& network, const at::Tensor& images) {
  std::vector<at::Tensor> outputs = network.ForwardFeatures(images);
  if (network.spec().head.IsClassifier()) outputs.push_back(network.Forward(images));
  return outputs;
}

// Every map and the logits, within `relative` of the largest value.
void ExpectSame(const std::vector<at::Tensor>& outputs, const std::vector<at::Tensor>& expected, double relative) {
  ASSERT_EQ(outputs.size(), expected.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    ASSERT_EQ(outputs[i].sizes(), expected[i].sizes());
    const at::Tensor wanted = expected[i].to(at::kDouble);
    EXPECT_LE((outputs[i].to(at::kDouble) - wanted).abs().max().item<double>(), relative * wanted.abs().max().item<double>())
        << "output " << i;
  }
}

TEST(InferenceNetwork, IsTheNetworkInEvaluationModeForRandomStructuresOfAllBlockTypes) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const mad::NetworkSpec spec = RandomStructure(seed, {.quantised = false, .features = true});
    SCOPED_TRACE(mad::NetworkToYaml(spec));
    const at::Tensor images = FormulaImages(BatchShape(spec, 3));
    const auto exact = FilledNetworkOf(spec, at::kDouble);
    const std::vector<at::Tensor> expected = Outputs(*exact, images);
    ExpectSame(Outputs(InferenceNetwork(*exact, {.dtype = at::kDouble}), images), expected, 1e-11);
    const auto single = FilledNetworkOf(spec, at::kFloat);
    ExpectSame(Outputs(InferenceNetwork(*single), images.to(at::kFloat)), expected, 1e-5);
  }
}

TEST(InferenceNetwork, RunsLayerNormsAndAttentionOfSeveralHeadsAsTheyAre) {
  const mad::NetworkSpec spec = LayerNormStructure();
  const at::Tensor images = FormulaImages(BatchShape(spec, 3));
  const auto exact = FilledNetworkOf(spec, at::kDouble);
  const std::vector<at::Tensor> expected = Outputs(*exact, images);
  ExpectSame(Outputs(InferenceNetwork(*exact, {.dtype = at::kDouble}), images), expected, 1e-11);
  const auto single = FilledNetworkOf(spec, at::kFloat);
  ExpectSame(Outputs(InferenceNetwork(*single), images.to(at::kFloat)), expected, 1e-5);
  // The exponentials of attention magnify what bfloat16 rounds.
  ExpectSame(Outputs(InferenceNetwork(*single, {.dtype = at::kBFloat16}), images.to(at::kFloat)), expected, 0.1);

  LayerClock clock(at::kCPU);
  InferenceNetwork(*single).Forward(images, &clock);
  int64_t macs = 0;
  for (const LayerTime& layer : clock.layers()) macs += layer.macs;
  EXPECT_EQ(macs, 3 * std::llround(mad::Cost(spec).macs));
}

TEST(InferenceNetwork, RunsHardSwishAndHardSigmoidAsTheNetworkDoes) {
  const mad::NetworkSpec spec = HardSwishStructure();
  const at::Tensor images = FormulaImages(BatchShape(spec, 3));
  const auto exact = FilledNetworkOf(spec, at::kDouble);
  const std::vector<at::Tensor> expected = Outputs(*exact, images);
  ExpectSame(Outputs(InferenceNetwork(*exact, {.dtype = at::kDouble}), images), expected, 1e-11);
  const auto single = FilledNetworkOf(spec, at::kFloat);
  ExpectSame(Outputs(InferenceNetwork(*single), images.to(at::kFloat)), expected, 1e-5);
  ExpectSame(Outputs(InferenceNetwork(*single, {.dtype = at::kBFloat16}), images.to(at::kFloat)), expected, 0.1);
}

TEST(InferenceNetwork, QuantisesInputsAndWeightsAsTheNetworkDoes) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const mad::NetworkSpec spec = RandomStructure(seed, {.quantised = true});
    SCOPED_TRACE(mad::NetworkToYaml(spec));
    const at::Tensor images = FormulaImages(BatchShape(spec, 2));
    const auto network = FilledNetworkOf(spec, at::kDouble);
    ExpectSame(Outputs(InferenceNetwork(*network, {.dtype = at::kDouble}), images), Outputs(*network, images), 1e-9);
  }
}

TEST(InferenceNetwork, GivesThePublishedStructuresLogitsToAHundredThousandth) {
  for (const char* name : {"deepmad-r18", "resnet50", "mobilenetv2", "maedet-s", "e3d-s"}) {
    SCOPED_TRACE(name);
    mad::NetworkSpec spec = PublishedStructure(name);
    spec.input.height = spec.input.width = 64;
    const auto network = FilledNetworkOf(spec, at::kFloat);
    const at::Tensor images = FormulaImages(BatchShape(spec, 1)).to(at::kFloat);
    ExpectSame(Outputs(InferenceNetwork(*network), images), Outputs(*network, images), 1e-5);
  }
}

TEST(InferenceNetwork, StaysCloseInBfloat16) {
  const auto network = FilledNetworkOf(SmallStructure(), at::kFloat);
  const at::Tensor images = FormulaImages({4, 3, 33, 27}).to(at::kFloat);
  const InferenceNetwork half(*network, {.dtype = at::kBFloat16});
  ExpectSame(Outputs(half, images), Outputs(*network, images), 3e-2);
  EXPECT_EQ(half.Forward(images).scalar_type(), at::kFloat);
}

TEST(InferenceNetwork, WorksWithoutOneDnn) {
  const auto network = FilledNetworkOf(SmallStructure(), at::kFloat);
  const at::Tensor images = FormulaImages({2, 3, 33, 27}).to(at::kFloat);
  const std::vector<at::Tensor> expected = Outputs(*network, images);
  at::globalContext().setUserEnabledMkldnn(false);
  const std::vector<at::Tensor> outputs = Outputs(InferenceNetwork(*network), images);
  at::globalContext().setUserEnabledMkldnn(true);
  ExpectSame(outputs, expected, 1e-5);
}

TEST(InferenceNetwork, TakesImagesOfAnySizeLayoutAndNumberAndLeavesThemAlone) {
  const auto network = FilledNetworkOf(SmallStructure(), at::kFloat);
  const InferenceNetwork inference(*network, {.batch = 4});
  for (const int64_t size : {64, 33, 17}) {
    const at::Tensor images = FormulaImages({size == 64 ? 5 : 1, 3, size, size + 5}).to(at::kFloat);
    const at::Tensor kept = images.clone();
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      ExpectSame(Outputs(inference, images.contiguous(format)), Outputs(*network, images), 1e-5);
    }
    EXPECT_TRUE(at::equal(images, kept));
  }
}

TEST(InferenceNetwork, KeepsTheWeightsItWasMadeWith) {
  const auto network = FilledNetworkOf(SmallStructure(), at::kFloat);
  const at::Tensor images = at::rand({1, 3, 33, 27});
  const InferenceNetwork inference(*network);
  const at::Tensor logits = inference.Forward(images);
  for (const auto& [name, tensor] : network->StateDict()) tensor.detach().zero_();
  EXPECT_TRUE(at::equal(inference.Forward(images), logits));
}

TEST(InferenceNetwork, NamesTheLayersOfAPassAndCountsTheirMacs) {
  const auto network = FilledNetworkOf(SmallStructure(), at::kFloat);
  LayerClock clock(at::kCPU);
  const InferenceNetwork inference(*network);
  for (int pass = 0; pass < 3; ++pass) inference.Forward(at::zeros({2, 3, 33, 27}), &clock);
  int64_t macs = 0;
  for (const LayerTime& layer : clock.layers()) {
    macs += layer.macs;
    EXPECT_EQ(layer.seconds.size(), 3u) << layer.name;
  }
  EXPECT_EQ(macs, 2 * std::llround(mad::Cost(network->spec()).macs));
  EXPECT_EQ(clock.layers()[1].name, "block_list.0.conv1");
  EXPECT_EQ(clock.layers()[1].kind, "conv 3x3");
  EXPECT_EQ(clock.layers().back().name, "fc_linear");
}

TEST(InferenceNetwork, SaysWhichImagesItTakesAndThatFeaturesAreNoLogits) {
  mad::NetworkSpec spec = SmallStructure();
  const InferenceNetwork inference(*InitializedNetwork(spec));
  EXPECT_THROW(inference.Forward(at::zeros({1, 1, 33, 27})), base::Error);
  EXPECT_THROW(inference.ForwardFeatures(at::zeros({3, 33, 27})), base::Error);
  spec.head = {.type = "features", .classes = 0};
  EXPECT_THROW(InferenceNetwork(*InitializedNetwork(spec)).Forward(at::zeros({1, 3, 33, 27})), base::Error);
}

}  // namespace
}  // namespace deepmad::models
