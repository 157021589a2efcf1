#include "train/numerics/loss_scale.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "tests/train/golden.h"
#include "tests/train/reference.h"

namespace deepmad::train {
namespace {

TEST(LossScale, FollowsPythonThroughForcedOverflows) {
  const nlohmann::json reference = Golden("training_reference.json")["loss_scale"];
  LossScale scale({reference["initial"], reference["growth_interval"]}, at::kCPU);
  at::Tensor weight = at::ones({2}).requires_grad_();
  for (const auto& step : reference["steps"]) {
    const float second = step["overflow"] == 1 ? std::numeric_limits<float>::infinity() : 2.0F;
    weight.mutable_grad().reset();
    scale.Scaled(weight.mul(at::tensor({1.0F, second})).sum()).backward();
    if (scale.UnscaleAndAdapt({weight.grad()}).item<float>() == 0) weight.detach().sub_(weight.grad(), reference["lr"].get<double>());
    EXPECT_EQ(scale.value(), step["scale"].get<double>());
    ExpectNear(weight, step["weight"], 1e-6);
  }
}

TEST(LossScale, GoesOnFromItsState) {
  LossScale scale({1024, 2}, at::kCPU), second({8, 2}, at::kCPU);
  at::Tensor gradient = at::ones({3});
  scale.UnscaleAndAdapt({gradient});
  second.Restore(scale.State());
  for (LossScale* each : {&scale, &second}) {
    each->UnscaleAndAdapt({gradient});
    EXPECT_EQ(each->value(), 2048);
  }
}

TEST(LossScale, RefusesAScaleBelowOne) { EXPECT_THROW(ReadLossScale(base::Config::FromText("{initial: 0.5}")), base::Error); }

}  // namespace
}  // namespace deepmad::train
