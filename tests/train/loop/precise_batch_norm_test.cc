#include "train/loop/precise_batch_norm.h"

#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "data/inputs/open_datasets.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/train/tiny_network.h"

namespace deepmad::train {
namespace {

constexpr const char* kData =
    "{name: synthetic, samples: 20, validation_samples: 4, classes: 4, height: 16, width: 16, image_size: 16, workers: 1, train: {crop: "
    "none}}";

class PreciseBatchNormTest : public testing::Test {
 protected:
  PreciseBatchNormTest()
      : data_(data::OpenDatasets(base::Config::FromText(kData), true)),
        task_(TaskRegistry::Get().Create("classification", base::Config::FromText("{}"), int64_t{4})),
        network_(models::BuildNetwork(TinyNetwork())) {
    base::SetLogLevel(base::LogLevel::kQuiet);
    models::Initialize(*network_, {}, 1);
    network_->ConvertTo(at::kDouble);
    data::LoaderOptions options;
    options.batch_size = 4;
    options.shuffle = true;
    loader_ = std::make_unique<data::Loader>(*data_.train, data_.train_pipeline, options);
    models::NamedTensors parameters;
    for (const auto& named : network_->named_parameters()) parameters.emplace_back(named.key(), named.value());
    optimizer_ = OptimizerRegistry::Get().Create("sgd", parameters, base::Config::FromText("{}"));
  }
  ~PreciseBatchNormTest() override {
    base::ClearStopRequest();
    base::SetLogLevel(base::LogLevel::kNormal);
  }

  void Estimate(int64_t batches, int64_t epoch = 2) {
    BatchFeed feed(*loader_, at::kCPU);
    EstimateStatistics({*task_, *network_, *optimizer_, nullptr}, feed, {epoch, batches, 0, "statistics"}, {}, at::kCPU);
  }
  at::Tensor Buffer(const std::string& end) const {
    for (const auto& [name, tensor] : network_->StateDict()) {
      if (name.ends_with(end)) return tensor.clone();
    }
    throw std::logic_error("no such buffer");
  }
  // What one batch alone leaves in a norm of momentum 1.
  at::Tensor OfBatch(int64_t number, const std::string& end) {
    const c10::AutoGradMode no_grad(false);
    data::Batch batch;
    loader_->StartEpoch(2, number);
    loader_->Next(&batch);
    network_->train();
    network_->batch_norm_settings().momentum = 1;
    network_->Forward(batch.images);
    network_->batch_norm_settings().momentum = 0.1;
    return Buffer(end);
  }

  data::Datasets data_;
  std::unique_ptr<Task> task_;
  std::shared_ptr<models::Network> network_;
  std::unique_ptr<data::Loader> loader_;
  std::unique_ptr<Optimizer> optimizer_;
};

TEST_F(PreciseBatchNormTest, IsTheMeanOfTheBatchesWhateverTheAveragesWere) {
  for (const char* end : {"running_mean", "running_var"}) {
    std::vector<at::Tensor> each;
    for (int64_t i = 0; i < 3; ++i) each.push_back(OfBatch(i, end));
    Estimate(3);
    const at::Tensor expected = at::stack(each).mean(0);
    EXPECT_LT(Buffer(end).sub(expected).abs().max().item<double>(), 1e-12) << end;
    EXPECT_GT(Buffer(end).sub(each[0]).abs().max().item<double>(), 1e-6) << end;
  }
}

TEST_F(PreciseBatchNormTest, LeavesModeMomentumAndCountersAsTheyWere) {
  const at::Tensor weight = network_->parameters()[0].detach().clone();
  network_->eval();
  Estimate(5);
  EXPECT_FALSE(network_->is_training());
  EXPECT_EQ(network_->batch_norm_settings().momentum, 0.1);
  EXPECT_EQ(Buffer("num_batches_tracked").item<int64_t>(), 0);
  EXPECT_TRUE(network_->parameters()[0].equal(weight));
  EXPECT_FALSE(network_->parameters()[0].grad().defined());
}

TEST_F(PreciseBatchNormTest, AStoppedOneBeginsAnew) {
  Estimate(4);
  const at::Tensor whole = Buffer("running_var");
  base::RequestStop();
  try {
    Estimate(4);
    FAIL() << "went on";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kStopped);
  }
  base::ClearStopRequest();
  EXPECT_EQ(network_->batch_norm_settings().momentum, 0.1);
  Estimate(4);
  EXPECT_TRUE(Buffer("running_var").equal(whole));
  Estimate(4, /*epoch=*/3);
  EXPECT_FALSE(Buffer("running_var").equal(whole)) << "other batches";
}

}  // namespace
}  // namespace deepmad::train
