#include "models/weights/load.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "models/weights/safetensors.h"
#include "tests/models/networks.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

NamedTensors Copy(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

std::string Refusal(Network& network, const NamedTensors& tensors, HeadPolicy policy = HeadPolicy::kStrict) {
  try {
    LoadStateDict(network, tensors, policy, "weights.safetensors");
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_EQ(error.where(), "weights.safetensors");
    return error.what();
  }
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Load, WeightsFromAFileGiveTheSameNetwork) {
  const TemporaryFolder folder;
  const auto source = InitializedNetwork(SmallStructure(), 1);
  WriteSafetensors(folder.File("w.safetensors"), source->StateDict());
  const auto target = InitializedNetwork(SmallStructure(), 2);
  LoadWeights(*target, {folder.File("w.safetensors")}, HeadPolicy::kStrict);
  const NamedTensors expected = source->StateDict(), loaded = target->StateDict();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(loaded[i].second, expected[i].second)) << loaded[i].first;
  for (const at::Tensor& parameter : target->parameters()) EXPECT_TRUE(parameter.requires_grad());
}

TEST(Load, ConvertsBetweenFloatingTypesAndLayouts) {
  const auto source = InitializedNetwork(SmallStructure(), 1);
  source->ConvertTo(at::kDouble);
  const auto target = InitializedNetwork(SmallStructure(), 2);
  target->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  EXPECT_EQ(Refusal(*target, source->StateDict()), "");
  EXPECT_TRUE(at::equal(target->parameters().front().to(at::kDouble), source->parameters().front()));
}

TEST(Load, ListsMissingUnexpectedAndMisshapenEntriesAndCopiesNothing) {
  const auto network = InitializedNetwork(SmallStructure(), 1);
  const NamedTensors before = Copy(network->StateDict());
  NamedTensors tensors = Copy(InitializedNetwork(SmallStructure(), 2)->StateDict());
  tensors.erase(tensors.begin());
  tensors.emplace_back("block_list.9.conv1.weight", at::zeros({1}));
  tensors[0].second = at::zeros({99});
  const std::string message = Refusal(*network, tensors);
  EXPECT_TRUE(Contains(message, "1 missing: block_list.0.conv1.weight")) << message;
  EXPECT_TRUE(Contains(message, "1 unexpected: block_list.9.conv1.weight")) << message;
  EXPECT_TRUE(Contains(message, "block_list.0.bn1.weight is Float [99], not Float [6]")) << message;
  const NamedTensors after = network->StateDict();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(after[i].second, before[i].second));
}

TEST(Load, NamesAFewOfMany) {
  const std::string message = Refusal(*InitializedNetwork(SmallStructure()), {});
  EXPECT_TRUE(Contains(message, "missing: block_list.0.conv1.weight, ")) << message;
  EXPECT_TRUE(Contains(message, ", ...")) << message;
  EXPECT_LT(message.size(), 600u);
}

TEST(Load, RefusesIntegersForWeights) {
  NamedTensors tensors = Copy(InitializedNetwork(SmallStructure())->StateDict());
  tensors[0].second = tensors[0].second.to(at::kLong);
  EXPECT_TRUE(Contains(Refusal(*InitializedNetwork(SmallStructure()), tensors), "is Long [6, 3, 3, 3], not Float [6, 3, 3, 3]"));
}

TEST(Load, RefusesWeightsThatAreNotFiniteAndCopiesNothing) {
  const auto network = InitializedNetwork(SmallStructure(), 1);
  const NamedTensors before = Copy(network->StateDict());
  NamedTensors tensors = Copy(InitializedNetwork(SmallStructure(), 2)->StateDict());
  tensors.back().second.flatten()[0] = std::numeric_limits<double>::infinity();
  try {
    LoadStateDict(*network, tensors, HeadPolicy::kStrict, "w");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_TRUE(Contains(error.what(), "not finite: " + tensors.back().first)) << error.what();
  }
  EXPECT_TRUE(at::equal(network->StateDict()[0].second, before[0].second));
}

TEST(Load, DroppingTheHeadKeepsTheNetworksOwn) {
  mad::NetworkSpec other = SmallStructure();
  other.head.classes = 9;
  const auto source = InitializedNetwork(other, 1);
  const auto target = InitializedNetwork(SmallStructure(), 2);
  const at::Tensor own = target->named_parameters()["fc_linear.weight"].detach().clone();
  EXPECT_TRUE(Contains(Refusal(*target, source->StateDict()), "fc_linear.weight is Float [9, 16], not Float [5, 16]"));
  EXPECT_EQ(Refusal(*target, source->StateDict(), HeadPolicy::kDrop), "");
  EXPECT_TRUE(at::equal(target->named_parameters()["fc_linear.weight"], own));
  EXPECT_TRUE(at::equal(target->parameters().front(), source->parameters().front()));
}

NamedTensors Renamed(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors renamed;
  for (const auto& [name, tensor] : tensors) renamed.emplace_back(prefix + name, tensor);
  return renamed;
}

TEST(Load, APrefixBeforeAllNamesIsTakenOffAndSaid) {
  const NamedTensors state = InitializedNetwork(SmallStructure(), 1)->StateDict();
  for (const char* prefix : {"model.", "net.backbone.", "student.module."}) {
    const auto target = InitializedNetwork(SmallStructure(), 2);
    testing::internal::CaptureStderr();
    EXPECT_EQ(Refusal(*target, Renamed(state, prefix)), "") << prefix;
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "weights.safetensors: '" + std::string(prefix) + "' before every name of the weights is taken off\n");
    EXPECT_TRUE(at::equal(target->StateDict()[0].second, state[0].second));
  }
  EXPECT_EQ(Refusal(*InitializedNetwork(SmallStructure(), 2), Renamed(state, "backbone."), HeadPolicy::kDrop), "");
  NamedTensors mixed = Renamed(state, "model.");
  mixed.emplace_back("criterion.weight", at::zeros({1}));
  EXPECT_TRUE(Contains(Refusal(*InitializedNetwork(SmallStructure(), 2), mixed), "unexpected: criterion.weight, model."));
}

TEST(Load, CountersThatBecameFractionsFit) {
  NamedTensors tensors = Copy(InitializedNetwork(SmallStructure(), 1)->StateDict());
  for (auto& [name, tensor] : tensors) {
    if (name.ends_with(".num_batches_tracked")) tensor = at::full({}, 12.5);
  }
  const auto target = InitializedNetwork(SmallStructure(), 2);
  EXPECT_EQ(Refusal(*target, tensors), "");
  int counters = 0;
  for (const auto& [name, tensor] : target->StateDict()) {
    if (!name.ends_with(".num_batches_tracked")) continue;
    EXPECT_EQ(tensor.item<int64_t>(), 12) << name;
    ++counters;
  }
  EXPECT_GT(counters, 0);
}

}  // namespace
}  // namespace deepmad::models
