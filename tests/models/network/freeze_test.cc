// Parts of a network that training leaves as they are.
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <map>

#include "base/error.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

using Norms = FreezeOptions::Norms;

// Stages: the stem, then two.
mad::NetworkSpec Structure() {
  mad::NetworkSpec spec = SmallStructure();
  spec.head = {.type = "upernet", .classes = 3, .channels = 8};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("basic", 2, 3, 2, 8, 6), Block("basic", 1, 3, 2, 10, 6), Block("basic", 1, 3, 2, 12, 6),
                 Block("basic", 1, 3, 2, 14, 6)};
  return spec;
}

// One forward and backward pass in training mode; which tensors it moved or would move: "statistics", "gradient".
std::map<std::string, bool> Moved(Network& network) {
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, tensor] : network.StateDict()) before[name] = tensor.detach().clone();
  network.train();
  at::Tensor sum = at::zeros({});
  for (const at::Tensor& map : network.ForwardHead(at::randn({2, 3, 64, 64}))) sum = sum + map.square().sum();
  sum.backward();
  std::map<std::string, bool> moved;
  for (const auto& [name, tensor] : network.StateDict()) {
    const bool parameter = !name.ends_with("running_mean") && !name.ends_with("running_var") && !name.ends_with("tracked");
    moved[name] = parameter ? tensor.grad().defined() && tensor.grad().abs().sum().item<double>() > 0 : !tensor.equal(before.at(name));
  }
  return moved;
}

TEST(Freeze, NothingAtFirst) {
  const auto network = InitializedNetwork(Structure());
  int still = 0;
  for (const auto& [name, moved] : Moved(*network)) still += !moved && !name.starts_with("auxiliary_head");
  EXPECT_EQ(still, 0);
}

TEST(Freeze, StatisticsOfTheBackboneButNotOfTheHead) {
  const auto network = InitializedNetwork(Structure());
  const size_t all = network->MovingStatistics().size();
  network->Freeze({.batch_norm = Norms::kStatistics});
  EXPECT_LT(network->MovingStatistics().size(), all);
  for (const auto& [name, moved] : Moved(*network)) {
    if (name.starts_with("auxiliary_head")) continue;
    const bool statistics = name.find("running_") != std::string::npos || name.ends_with("tracked");
    EXPECT_EQ(moved, !statistics || network->OfHead(name)) << name;
  }
}

TEST(Freeze, ScalesAndBiasesToo) {
  const auto network = InitializedNetwork(Structure());
  network->Freeze({.batch_norm = Norms::kAll});
  for (const auto& [name, moved] : Moved(*network)) {
    if (name.starts_with("auxiliary_head") || network->OfHead(name)) continue;
    EXPECT_EQ(moved, name.ends_with("conv1.weight")) << name;
  }
}

TEST(Freeze, TheFirstStagesAsAWhole) {
  for (const bool recompute : {false, true}) {
    const auto network = InitializedNetwork(Structure());
    network->SetRecompute(recompute);
    network->Freeze({.stages = 2});
    int frozen = 0;
    for (const auto& [name, moved] : Moved(*network)) {
      if (name.starts_with("auxiliary_head")) continue;
      const bool first = name.starts_with("block_list.0.") || name.starts_with("block_list.1.");
      EXPECT_EQ(moved, !first) << name;
      frozen += first;
    }
    EXPECT_GT(frozen, 10);
  }
}

TEST(Freeze, NamesMoreStagesThanThereAre) {
  const auto network = InitializedNetwork(Structure());
  EXPECT_NO_THROW(network->Freeze({.stages = 5}));
  try {
    network->Freeze({.stages = 6});
    FAIL() << "was accepted";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("6 stages to freeze, the backbone of 'small' has 5"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deepmad::models
