#include "train/optimizer.h"

#include <ATen/ops/linspace.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace deepmad::train {
namespace {

// A convolution weight in channels_last memory, with decay, and a bias, without.
NamedTensors Parameters() {
  at::Tensor weight = at::linspace(-1, 1, 24, at::kFloat).reshape({2, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor bias = at::linspace(0.5, 1, 2, at::kFloat);
  weight.set_requires_grad(true);
  bias.set_requires_grad(true);
  return {{"weight", weight}, {"bias", bias}};
}

// Gradient of sum (p - target)^2 / 2, different at each element.
void SetGradients(const NamedTensors& parameters) {
  for (const auto& [name, tensor] : parameters) tensor.mutable_grad() = tensor.detach().sub(0.25);
}

std::unique_ptr<Optimizer> Make(const std::string& name, const NamedTensors& parameters, const std::string& yaml) {
  return OptimizerRegistry::Get().Create(name, parameters, base::Config::FromText(yaml));
}

TEST(Optimizer, SgdFollowsItsFormula) {
  const NamedTensors parameters = Parameters();
  const auto optimizer = Make("sgd", parameters, "{momentum: 0.9, nesterov: true, weight_decay: 0.1}");
  double weight = parameters[0].second[1][2][0][1].item<double>();
  double bias = parameters[1].second[1].item<double>();
  double weight_momentum = 0, bias_momentum = 0;
  for (int step = 0; step < 4; ++step) {
    const double lr = 0.1 * (step + 1);
    SetGradients(parameters);
    optimizer->Step(lr);
    const double weight_gradient = weight - 0.25 + 0.1 * weight;
    const double bias_gradient = bias - 0.25;
    weight_momentum = 0.9 * weight_momentum + weight_gradient;
    bias_momentum = 0.9 * bias_momentum + bias_gradient;
    weight -= lr * (weight_gradient + 0.9 * weight_momentum);
    bias -= lr * (bias_gradient + 0.9 * bias_momentum);
    EXPECT_NEAR(parameters[0].second[1][2][0][1].item<double>(), weight, 1e-5);
    EXPECT_NEAR(parameters[1].second[1].item<double>(), bias, 1e-5);
  }
}

TEST(Optimizer, AdamwFollowsItsFormula) {
  const NamedTensors parameters = Parameters();
  const auto optimizer = Make("adamw", parameters, "{betas: [0.8, 0.9], epsilon: 1.0e-6, weight_decay: 0.1}");
  double weight = parameters[0].second[1][2][0][1].item<double>();
  double first = 0, second = 0;
  for (int step = 1; step <= 4; ++step) {
    SetGradients(parameters);
    optimizer->Step(0.05);
    const double gradient = weight - 0.25;
    weight -= 0.05 * 0.1 * weight;
    first = 0.8 * first + 0.2 * gradient;
    second = 0.9 * second + 0.1 * gradient * gradient;
    weight -= 0.05 * (first / (1 - std::pow(0.8, step))) / (std::sqrt(second / (1 - std::pow(0.9, step))) + 1e-6);
    EXPECT_NEAR(parameters[0].second[1][2][0][1].item<double>(), weight, 1e-5);
  }
}

TEST(Optimizer, EveryRegisteredOneContinuesBitForBitFromItsState) {
  for (const std::string& name : OptimizerRegistry::Get().Names()) {
    const NamedTensors whole = Parameters();
    const NamedTensors resumed = Parameters();
    const auto optimizer = Make(name, whole, "{weight_decay: 0.1}");
    for (int step = 0; step < 3; ++step) {
      SetGradients(whole);
      optimizer->Step(0.1);
    }
    NamedTensors state;
    for (const auto& [key, tensor] : optimizer->State()) state.emplace_back(key, tensor.clone());
    CopyNamedTensors(whole, resumed);
    const auto second = Make(name, resumed, "{weight_decay: 0.1}");
    second->Restore(state);
    EXPECT_EQ(second->steps(), 3);
    for (const auto& [run, parameters] : {std::pair{optimizer.get(), &whole}, std::pair{second.get(), &resumed}}) {
      SetGradients(*parameters);
      run->Step(0.1);
    }
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(whole[i].second.equal(resumed[i].second)) << name << " " << whole[i].first;
  }
}

TEST(Optimizer, EveryRegisteredOneLowersALoss) {
  for (const std::string& name : OptimizerRegistry::Get().Names()) {
    const NamedTensors parameters = Parameters();
    const auto loss = [&] {
      double sum = 0;
      for (const auto& [key, tensor] : parameters) sum += tensor.detach().sub(0.25).square().sum().item<double>();
      return sum;
    };
    const auto optimizer = Make(name, parameters, "{}");
    const double before = loss();
    for (int step = 0; step < 2; ++step) {
      SetGradients(parameters);
      optimizer->Step(0.05);
    }
    EXPECT_LT(loss(), before) << name;
  }
}

TEST(Optimizer, ClipsAllGradientsTogether) {
  const NamedTensors parameters = Parameters();
  const auto optimizer = Make("sgd", parameters, "{}");
  SetGradients(parameters);
  double square = 0;
  for (const auto& [name, tensor] : parameters) square += tensor.grad().square().sum().item<double>();
  const at::Tensor before = parameters[0].second.grad().clone();
  EXPECT_NEAR(optimizer->ClipGradients(std::nullopt).item<double>(), std::sqrt(square), 1e-5);
  EXPECT_TRUE(before.equal(parameters[0].second.grad()));
  optimizer->ClipGradients(100);
  EXPECT_TRUE(before.equal(parameters[0].second.grad()));
  optimizer->ClipGradients(0.5);
  EXPECT_NEAR(optimizer->ClipGradients(std::nullopt).item<double>(), 0.5, 1e-5);
}

TEST(Optimizer, NamesAParameterWithoutAGradient) {
  const NamedTensors parameters = Parameters();
  const auto optimizer = Make("sgd", parameters, "{}");
  SetGradients(parameters);
  parameters[1].second.mutable_grad().reset();
  try {
    optimizer->Step(0.1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.where(), "bias");
  }
}

TEST(Optimizer, ZeroGradDropsTheGradients) {
  const NamedTensors parameters = Parameters();
  const auto optimizer = Make("sgd", parameters, "{}");
  SetGradients(parameters);
  optimizer->ZeroGrad();
  EXPECT_FALSE(parameters[0].second.grad().defined());
}

TEST(Optimizer, RefusesWrongOptions) {
  EXPECT_THROW(Make("sgd", Parameters(), "{momentum: 0}"), base::Error);
  EXPECT_THROW(Make("sgd", Parameters(), "{momentum: 2}"), base::Error);
  EXPECT_THROW(Make("adamw", Parameters(), "{betas: [0.9]}"), base::Error);
  EXPECT_THROW(Make("sdg", Parameters(), "{}"), base::Error);
}

}  // namespace
}  // namespace deepmad::train
