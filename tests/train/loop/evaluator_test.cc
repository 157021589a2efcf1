#include "train/loop/evaluator.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "data/inputs/open_datasets.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "tests/train/tiny_network.h"

namespace deepmad::train {
namespace {

constexpr int64_t kSamples = 19;  // the last batch is smaller
constexpr const char* kData =
    "{name: synthetic, samples: 4, validation_samples: 19, classes: 4, height: 16, width: 16, image_size: 16, workers: 1}";

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest()
      : data_(data::OpenDatasets(base::Config::FromText(kData), true)),
        task_(TaskRegistry::Get().Create("classification", base::Config::FromText("{}"), int64_t{4})),
        network_(models::BuildNetwork(TinyNetwork())),
        loader_(*data_.validation, data_.validation_pipeline, {.batch_size = 4}) {
    base::SetLogLevel(base::LogLevel::kQuiet);
    models::Initialize(*network_, {}, 1);
  }
  ~EvaluatorTest() override { base::SetLogLevel(base::LogLevel::kNormal); }

  Evaluator Make(const PrecisionOptions& precision) { return Evaluator(*task_, *network_, loader_, kSamples, precision, at::kCPU); }

  data::Datasets data_;
  std::unique_ptr<Task> task_;
  std::shared_ptr<models::Network> network_;
  data::Loader loader_;
};

TEST_F(EvaluatorTest, ReplayedPassesGiveTheSameScoresToTheBit) {
  for (const bool bfloat16 : {false, true}) {
    PrecisionOptions precision;
    if (bfloat16) precision.autocast = at::kBFloat16;
    Evaluator plain = Make(precision), replayed = Make(precision);
    replayed.ReplayPasses();
    const MetricValues first = plain.Run("plain");
    EXPECT_EQ(replayed.Run("replayed"), first);
    {
      const at::NoGradGuard no_grad;
      network_->parameters()[0].mul_(-0.5);  // as averaged weights take the place of the others
    }
    const MetricValues second = plain.Run("plain");
    EXPECT_EQ(replayed.Run("replayed"), second);
    EXPECT_NE(first, second);
  }
}

TEST_F(EvaluatorTest, BatchStatisticsAreMeasuredInEachPass) {
  Evaluator plain = Make({}), replayed = Make({});
  for (Evaluator* evaluator : {&plain, &replayed}) evaluator->UseBatchStatistics();
  replayed.ReplayPasses();
  const MetricValues expected = plain.Run("plain");
  EXPECT_EQ(replayed.Run("replayed"), expected);
}

}  // namespace
}  // namespace deepmad::train
