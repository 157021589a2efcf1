#include "train/state/ema.h"

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/train/golden.h"
#include "tests/train/reference.h"

namespace deepmad::train {
namespace {

models::NamedTensors Live() {
  at::Tensor weight = at::full({2, 3}, 1.0);
  weight.set_requires_grad(true);
  return {{"weight", weight}, {"running_mean", at::full({3}, 2.0)}, {"batches", at::scalar_tensor(5, at::kLong)}};
}

TEST(Ema, WarmupGivesThePublishedDecays) {
  const Ema ema(Live(), 0.9999, true);
  const nlohmann::json golden = Golden("training.json");
  for (const auto& fact : golden["ema_decay_by_update"]) EXPECT_NEAR(ema.DecayAt(fact[0]), fact[1].get<double>(), 1e-12);
}

TEST(Ema, AveragesAsInPython) {
  const nlohmann::json reference = Golden("training_reference.json");
  for (const auto& fact : reference["averages"]) {
    const models::NamedTensors live = {
        {"weight", at::ones({3})}, {"running_var", at::ones({3})}, {"num_batches_tracked", at::zeros({}, at::kLong)}};
    Ema ema(live, fact["decay"], fact["warmup"]);
    for (const auto& update : fact["updates"]) {
      for (const auto& [name, tensor] : live) tensor.copy_(FromNumbers(update["live"][name], tensor.sizes()));
      ema.Update();
      for (const auto& [name, tensor] : ema.tensors()) ExpectNear(tensor, update["average"][name], 1e-6);
    }
  }
}

TEST(Ema, AveragesFloatsAndCopiesIntegers) {
  const models::NamedTensors live = Live();
  Ema ema(live, 0.75, false);
  for (const auto& [name, tensor] : live) tensor.detach().add_(4);
  ema.Update();
  EXPECT_FLOAT_EQ(ema.tensors()[0].second[1][2].item<float>(), 2);  // 1 + (1 - 0.75)(5 - 1)
  EXPECT_FLOAT_EQ(ema.tensors()[1].second[0].item<float>(), 3);
  EXPECT_EQ(ema.tensors()[2].second.item<int64_t>(), 9);
  EXPECT_EQ(ema.updates(), 1);
}

TEST(Ema, TheFirstWarmedUpUpdateCopies) {
  const models::NamedTensors live = Live();
  Ema ema(live, 0.9999, true);
  live[0].second.detach().fill_(7);
  ema.Update();
  EXPECT_TRUE(ema.tensors()[0].second.equal(live[0].second));
}

TEST(Ema, SwapsWeightsForTheTimeOfAValidation) {
  const models::NamedTensors live = Live();
  Ema ema(live, 0.5, false);
  live[0].second.detach().fill_(7);
  {
    const EmaSwap swap(ema);
    EXPECT_FLOAT_EQ(live[0].second[0][0].item<float>(), 1);
    EXPECT_TRUE(live[0].second.requires_grad());
  }
  EXPECT_FLOAT_EQ(live[0].second[0][0].item<float>(), 7);
  EXPECT_FLOAT_EQ(ema.tensors()[0].second[0][0].item<float>(), 1);
}

TEST(Ema, RestoresItsStateAndNamesAMissingTensor) {
  const models::NamedTensors live = Live();
  Ema ema(live, 0.5, true);
  models::NamedTensors saved;
  for (const auto& [name, tensor] : ema.tensors()) saved.emplace_back(name, tensor.add(1));
  ema.Restore(saved, 12);
  EXPECT_FLOAT_EQ(ema.tensors()[1].second[0].item<float>(), 3);
  EXPECT_EQ(ema.updates(), 12);
  saved.erase(saved.begin() + 1);
  try {
    ema.Restore(saved, 12);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.where(), "running_mean");
  }
}

}  // namespace
}  // namespace deepmad::train
