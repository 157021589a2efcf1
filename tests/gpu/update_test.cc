// What follows the backward pass: optimizers, averaged weights, loss scale.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/gpu/test_device.h"
#include "tests/train/tiny_network.h"
#include "train/run/training_components.h"

namespace deepmad::train {
namespace {

using models::NamedTensors;
using Place = std::function<at::Tensor(const at::Tensor&)>;

// The parameters after five steps of falling rates with clipped gradients.
NamedTensors Optimised(const std::string& name, const Place& place) {
  NamedTensors parameters = {{"weight", place(ExactValues(1, {4, 3, 3, 5}))}, {"bias", place(ExactValues(2, {4}))}};
  for (auto& [key, tensor] : parameters) tensor.set_requires_grad(true);
  const auto optimizer = OptimizerRegistry::Get().Create(name, parameters, base::Config::FromText("{weight_decay: 0.1}"));
  for (uint64_t step = 0; step < 5; ++step) {
    for (size_t i = 0; i < parameters.size(); ++i) {
      at::Tensor& tensor = parameters[i].second;
      tensor.mutable_grad() = place(ExactValues(10 + 2 * step + i, tensor.sizes(), 2));
    }
    optimizer->ClipGradients(3);
    optimizer->Step(0.1 / static_cast<double>(step + 1));
  }
  return parameters;
}

TEST(OptimizersOnDevice, EveryRegisteredOneGoesTheWayOfTheCpu) {
  for (const std::string& name : OptimizerRegistry::Get().Names()) {
    SCOPED_TRACE(name);
    const NamedTensors expected = Optimised(name, [](const at::Tensor& values) { return values.clone(); });
    EXPECT_FALSE(expected[0].second.equal(ExactValues(1, {4, 3, 3, 5})));
    for (const at::ScalarType type : kComparedTypes) {
      const NamedTensors actual = Optimised(name, [&](const at::Tensor& values) { return OnDevice(values, type); });
      for (size_t i = 0; i < actual.size(); ++i) ExpectClose(actual[i].second, expected[i].second, name + " " + expected[i].first);
    }
  }
}

// The average after four changes of the weights.
at::Tensor Averaged(const Place& place) {
  const NamedTensors live = {{"weight", place(ExactValues(1, {6, 5}))}, {"batches", at::arange(1, TestDevice())}};
  Ema ema(live, 0.9, /*warmup=*/true);
  for (uint64_t update = 0; update < 4; ++update) {
    live[0].second.copy_(place(ExactValues(2 + update, {6, 5})));
    live[1].second.add_(1);
    ema.Update();
  }
  EXPECT_EQ(ema.tensors()[1].second.item<int64_t>(), 4);
  return ema.tensors()[0].second;
}

TEST(EmaOnDevice, AveragesAsTheFormulaSays) {
  at::Tensor expected = ExactValues(2, {6, 5});  // the first warmed-up update copies
  for (int update = 1; update < 4; ++update) {
    const double decay = std::min(0.9, 1 - std::pow(1.0 + update, -2.0 / 3));
    expected = decay * expected + (1 - decay) * ExactValues(2 + static_cast<uint64_t>(update), {6, 5});
  }
  for (const at::ScalarType type : kComparedTypes)
    ExpectClose(Averaged([&](const at::Tensor& values) { return OnDevice(values, type); }), expected, "average");
}

NamedTensors Copies(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

// An update in float16 from a scale; gives the largest change of a weight.
double ChangeFromScale(double initial, double* after) {
  const base::Config config = base::Config::FromText("{seed: 1, train: {optimizer: {name: sgd, lr: 0.1}}}");
  const TrainConfig train = ReadTrainConfig(config);
  PrecisionOptions precision = train.precision;
  precision.autocast = at::kHalf;
  precision.loss_scale.initial = initial;
  const Trial trial(config, train, precision, TinyNetwork(), TestDevice());
  Update update({}, trial.parts(), precision, TestDevice());
  const NamedTensors before = Copies(TrainedParameters(trial.parts().network, trial.parts().task));
  data::Batch batch;
  batch.images = ExactValues(1, {8, 3, 16, 16}, 1.5).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  batch.labels = at::arange(8, at::kLong).remainder(4);
  update.Add(batch, {});
  update.Finish(0.1);
  *after = update.Report().loss_scale;
  double largest = 0;
  const NamedTensors changed = TrainedParameters(trial.parts().network, trial.parts().task);
  for (size_t i = 0; i < before.size(); ++i)
    largest = std::max(largest, (changed[i].second.detach() - before[i].second).abs().max().item<double>());
  return largest;
}

TEST(LossScaleOnDevice, AnOverflowSkipsTheUpdateAndHalvesTheScale) {
  double scale = 0;
  EXPECT_EQ(ChangeFromScale(0x1p40, &scale), 0);
  EXPECT_EQ(scale, 0x1p39);
  EXPECT_GT(ChangeFromScale(0x1p10, &scale), 0);
  EXPECT_EQ(scale, 0x1p10);
}

}  // namespace
}  // namespace deepmad::train
