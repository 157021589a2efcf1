#include "train/optimizers/optimizer.h"

#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "tests/train/golden.h"
#include "tests/train/reference.h"

namespace deepmad::train {
namespace {

// A convolution weight in channels_last memory, with decay, and a bias, without.
models::NamedTensors Parameters() {
  at::Tensor weight = at::linspace(-1, 1, 24, at::kFloat).reshape({2, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor bias = at::linspace(0.5, 1, 2, at::kFloat);
  weight.set_requires_grad(true);
  bias.set_requires_grad(true);
  return {{"weight", weight}, {"bias", bias}};
}

// Gradient of sum (p - target)^2 / 2, different at each element.
void SetGradients(const models::NamedTensors& parameters) {
  for (const auto& [name, tensor] : parameters) tensor.mutable_grad() = tensor.detach().sub(0.25);
}

// Rows one after the other.
nlohmann::json Flat(const nlohmann::json& rows) {
  if (!rows[0].is_array()) return rows;
  nlohmann::json flat = nlohmann::json::array();
  for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

std::unique_ptr<Optimizer> Make(const std::string& name, const models::NamedTensors& parameters, const std::string& yaml) {
  return OptimizerRegistry::Get().Create(name, parameters, base::Config::FromText(yaml));
}

TEST(Optimizer, EveryRegisteredOneGivesPythonsValues) {
  const nlohmann::json reference = Golden("training_reference.json");
  std::set<std::string> seen;
  for (const auto& fact : reference["optimizers"]) {
    SCOPED_TRACE(fact["name"].get<std::string>());
    const models::NamedTensors parameters = Parameters();
    const base::Config config = base::Config::FromText(fact["ours"]);
    seen.insert(config.GetString("name"));
    const auto optimizer = OptimizerRegistry::Get().Create(config.GetString("name"), parameters, config);
    std::optional<double> clip_norm;
    if (!fact["clip_norm"].is_null()) clip_norm = fact["clip_norm"];
    for (const auto& step : fact["steps"]) {
      for (size_t i = 0; i < parameters.size(); ++i) {
        at::Tensor tensor = parameters[i].second;
        tensor.mutable_grad() = FromNumbers(step["gradients"][i], tensor.sizes()).to(at::kFloat).contiguous(tensor.suggest_memory_format());
      }
      EXPECT_NEAR(optimizer->ClipGradients(clip_norm).item<double>(), step["norm"], 1e-5);
      optimizer->Step(step["lr"]);
      for (size_t i = 0; i < parameters.size(); ++i) ExpectNear(parameters[i].second, step["parameters"][i], 1e-6);
    }
  }
  const std::vector<std::string> names = OptimizerRegistry::Get().Names();
  EXPECT_EQ(seen, std::set<std::string>(names.begin(), names.end()));
}

TEST(Optimizer, LambGivesThePublishedVector) {
  const nlohmann::json golden = Golden("training.json")["lamb"];
  at::Tensor weight = FromNumbers(Flat(golden["init"][0]), {2, 3}).to(at::kFloat);
  at::Tensor bias = FromNumbers(Flat(golden["init"][1]), {3}).to(at::kFloat);
  weight.set_requires_grad(true);
  bias.set_requires_grad(true);
  const auto optimizer = Make("lamb", {{"weight", weight}, {"bias", bias}}, "{weight_decay: 0.01}");
  for (const auto& step : golden["steps"]) {
    weight.mutable_grad() = FromNumbers(Flat(step["grad"][0]), weight.sizes()).to(at::kFloat);
    bias.mutable_grad() = FromNumbers(Flat(step["grad"][1]), bias.sizes()).to(at::kFloat);
    optimizer->ClipGradients(golden["clip"].get<double>());
    optimizer->Step(golden["lr"]);
    ExpectNear(weight, Flat(step["param"][0]), 1e-6);
    ExpectNear(bias, Flat(step["param"][1]), 1e-6);
  }
}

TEST(Optimizer, DecaysWeightsAloneUnlessAllIsAsked) {
  for (const bool all : {false, true}) {
    const models::NamedTensors parameters = {{"weight", at::ones({2, 2})}, {"bias", at::ones({2})}};
    for (auto [key, tensor] : parameters) {
      tensor.set_requires_grad(true);
      tensor.mutable_grad() = at::zeros_like(tensor);
    }
    Make("sgd", parameters, std::string("{nesterov: false, weight_decay: 0.5, decay_all: ") + (all ? "true}" : "false}"))->Step(0.1);
    EXPECT_FLOAT_EQ(parameters[0].second.min().item<float>(), 0.95F);
    EXPECT_FLOAT_EQ(parameters[1].second.min().item<float>(), all ? 0.95F : 1.0F);
  }
}

TEST(Optimizer, TreatsTheBiasesOfConvolutionsAsAsked) {
  const models::NamedTensors parameters = {
      {"conv.weight", at::ones({2, 1, 1, 1})}, {"conv.bias", at::ones({2})}, {"norm.weight", at::ones({2})}, {"norm.bias", at::ones({2})}};
  for (auto [key, tensor] : parameters) {
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = at::ones_like(tensor);
  }
  Make("sgd", parameters, "{momentum: 0, nesterov: false, weight_decay: 0.5, decay_all: true, decay_biases: false, bias_lr_factor: 2}")
      ->Step(0.1);
  EXPECT_FLOAT_EQ(parameters[0].second.min().item<float>(), 1 - 0.1F * 1.5F);
  EXPECT_FLOAT_EQ(parameters[1].second.min().item<float>(), 1 - 0.2F) << "twice the rate and no decay";
  EXPECT_FLOAT_EQ(parameters[2].second.min().item<float>(), 1 - 0.1F * 1.5F);
  EXPECT_FLOAT_EQ(parameters[3].second.min().item<float>(), 1 - 0.1F * 1.5F) << "that of a norm is no bias here";
}

TEST(Optimizer, EveryRegisteredOneContinuesBitForBitFromItsState) {
  for (const std::string& name : OptimizerRegistry::Get().Names()) {
    const models::NamedTensors whole = Parameters();
    const models::NamedTensors resumed = Parameters();
    const auto optimizer = Make(name, whole, "{weight_decay: 0.1}");
    for (int step = 0; step < 3; ++step) {
      SetGradients(whole);
      optimizer->Step(0.1);
    }
    models::NamedTensors state;
    for (const auto& [key, tensor] : optimizer->State()) state.emplace_back(key, tensor.clone());
    models::CopyNamedTensors(whole, resumed);
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
    const models::NamedTensors parameters = Parameters();
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
  const models::NamedTensors parameters = Parameters();
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
  const models::NamedTensors parameters = Parameters();
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
  const models::NamedTensors parameters = Parameters();
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

// CUDA's kernel reads the counters as float32 whatever the parameters are; the CPU's converts.
TEST(Optimizer, AdamWCountsStepsInFloat32ForParametersOfAnyType) {
  static std::vector<at::ScalarType> types;
  types.clear();
  const auto handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& call) -> std::unique_ptr<at::ObserverContext> {
                                   if (std::string(call.name()) == "aten::_fused_adamw_") {
                                     for (const at::Tensor& step : call.inputs()[5].toTensorVector()) types.push_back(step.scalar_type());
                                   }
                                   return nullptr;
                                 })
                                     .needsInputs(true)
                                     .scopes({at::RecordScope::FUNCTION}));
  at::Tensor weight = at::linspace(-1, 1, 6, at::kDouble).reshape({2, 3}).set_requires_grad(true);
  const models::NamedTensors parameters = {{"weight", weight}};
  SetGradients(parameters);
  Make("adamw", parameters, "{weight_decay: 0.1}")->Step(0.01);
  at::removeCallback(handle);
  EXPECT_EQ(types, std::vector<at::ScalarType>{at::kFloat});
}

}  // namespace
}  // namespace deepmad::train
