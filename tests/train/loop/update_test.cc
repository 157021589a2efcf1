#include "train/loop/update.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/train/tiny_network.h"

namespace deepmad::train {
namespace {

data::Batch Pictures(int64_t first, int64_t count, at::ScalarType type) {
  data::Batch batch;
  const at::Tensor all = at::linspace(-2, 2, 16 * 3 * 16 * 16, at::kDouble).sin().mul(40).sin().reshape({16, 3, 16, 16});
  batch.images = all.narrow(0, first, count).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  batch.labels = at::arange(first, first + count, at::kLong).remainder(4);
  return batch;
}

// Classification whose loss is multiplied by a factor from outside.
class ScaledTask : public Task {
 public:
  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const override {
    return task_->Loss(network, batch, position) * factor;
  }
  std::unique_ptr<TaskMetric> NewMetric() const override { return task_->NewMetric(); }

  double factor = 1;

 private:
  std::unique_ptr<Task> task_ = TaskRegistry::Get().Create("classification", base::Config::FromText("{label_smoothing: 0.1}"), int64_t{4});
};

// A network with all that an update changes.
struct Trained {
  explicit Trained(const UpdateOptions& options, const PrecisionOptions& precision = {}, at::ScalarType type = at::kFloat,
                   const std::string& rule = "sgd")
      : network(models::BuildNetwork(TinyNetwork())) {
    models::Initialize(*network, {}, 1);
    network->ConvertTo(type);
    network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
    models::NamedTensors parameters;
    for (const auto& named : network->named_parameters()) parameters.emplace_back(named.key(), named.value());
    optimizer = OptimizerRegistry::Get().Create(rule, parameters, base::Config::FromText("{weight_decay: 1.0e-4}"));
    ema = std::make_unique<Ema>(network->StateDict(), 0.9, false);
    if (!options.graphs) update.emplace(options, UpdateParts{task, *network, *optimizer, ema.get()}, precision, at::kCPU);
  }

  ScaledTask task;
  std::shared_ptr<models::Network> network;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<Ema> ema;
  std::optional<Update> update;
};

models::NamedTensors Copies(const models::NamedTensors& tensors) {
  models::NamedTensors copies;
  for (const auto& [name, tensor] : tensors) copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

bool Equal(const models::NamedTensors& a, const models::NamedTensors& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a[i].second.equal(b[i].second)) return false;
  }
  return a.size() == b.size();
}

TEST(Update, MicroBatchesTogetherAreOneLargeBatch) {
  Trained whole({}, {}, at::kDouble), parts({.accumulate = 4, .clip_norm = {}}, {}, at::kDouble);
  for (Trained* each : {&whole, &parts}) each->network->eval();  // no statistics of a batch, so a sum over samples
  for (int64_t step = 0; step < 3; ++step) {
    data::Batch all = Pictures(0, 16, at::kDouble);
    whole.update->Add(all, {1, 0, step});
    for (int64_t i = 0; i < 4; ++i) {
      data::Batch part = Pictures(4 * i, 4, at::kDouble);
      parts.update->Add(part, {1, 0, 4 * step + i});
    }
    for (Trained* each : {&whole, &parts}) each->update->Finish(0.1);
    const UpdateReport a = whole.update->Report(), b = parts.update->Report();
    EXPECT_NEAR(a.loss, b.loss, 1e-12);
    EXPECT_NEAR(a.gradient_norm, b.gradient_norm, 1e-12);
  }
  const models::NamedTensors a = whole.network->StateDict(), b = parts.network->StateDict();
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].second.is_floating_point()) {
      EXPECT_LE(a[i].second.sub(b[i].second).abs().max().item<double>(), 1e-12) << a[i].first;
    }
  }
}

TEST(Update, AnOverflowUnderTheLossScaleSkipsTheUpdate) {
  PrecisionOptions precision;
  precision.autocast = at::kHalf;
  precision.loss_scale.initial = 8;
  precision.loss_scale.growth_interval = 2;
  for (const std::string& rule : OptimizerRegistry::Get().Names()) {
    SCOPED_TRACE(rule);
    Trained run({}, precision, at::kFloat, rule);
    const auto step = [&] {
      data::Batch batch = Pictures(0, 8, at::kFloat);
      run.update->Add(batch, {1, 0, 0});
      run.update->Finish(0.05);
      return run.update->Report();
    };
    EXPECT_FALSE(step().skipped);
    const models::NamedTensors parameters = Copies(run.optimizer->State()), average = Copies(run.ema->tensors());
    const at::Tensor weight = run.network->parameters()[0].detach().clone();
    run.task.factor = 1e38;  // finite, but not times the scale
    const UpdateReport skipped = step();
    EXPECT_TRUE(skipped.skipped);
    EXPECT_EQ(skipped.loss_scale, 4);
    EXPECT_TRUE(Equal(parameters, run.optimizer->State()));
    EXPECT_TRUE(Equal(average, run.ema->tensors()));
    EXPECT_TRUE(weight.equal(run.network->parameters()[0]));
    run.task.factor = 1;
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(step().skipped);
    EXPECT_EQ(run.update->Report().loss_scale, 8);
    EXPECT_FALSE(weight.equal(run.network->parameters()[0]));
  }
}

TEST(Update, RecordedPassesGiveTheSameBits) {
  for (const int64_t accumulate : {1, 2}) {
    UpdateOptions options{.accumulate = accumulate, .clip_norm = {}, .graphs = false};
    const std::unique_ptr<Task> task = TaskRegistry::Get().Create("classification", base::Config::FromText("{mixup: 0.2}"), int64_t{4});
    models::NamedTensors states[2];
    for (const bool graphs : {false, true}) {
      options.graphs = graphs;
      Trained run(options);
      Update update(options, {*task, *run.network, *run.optimizer, run.ema.get()}, {}, at::kCPU);
      for (int64_t step = 0; step < 3; ++step) {
        for (int64_t i = 0; i < accumulate; ++i) {
          data::Batch batch = Pictures(4 * i, 4, at::kFloat);
          update.Add(batch, {1, 0, step * accumulate + i});
        }
        update.Finish(0.1);
        EXPECT_GT(update.Report().loss, 0);
      }
      states[graphs] = Copies(run.network->StateDict());
    }
    EXPECT_TRUE(Equal(states[0], states[1])) << accumulate;
  }
}

TEST(Update, TheLossScaleLeavesTheGradientAsItIs) {
  PrecisionOptions scaled;
  scaled.autocast = at::kHalf;
  scaled.loss_scale.initial = 1024;
  Trained plain({}), half({}, scaled);
  double norms[2];
  for (int i = 0; i < 2; ++i) {
    Trained& run = i == 0 ? plain : half;
    data::Batch batch = Pictures(0, 16, at::kFloat);
    run.update->Add(batch, {1, 0, 0});
    run.update->Finish(0.1);
    norms[i] = run.update->Report().gradient_norm;
  }
  EXPECT_NEAR(norms[1], norms[0], 0.01 * norms[0]);
}

}  // namespace
}  // namespace deepmad::train
