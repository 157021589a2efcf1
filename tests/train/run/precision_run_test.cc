// Whole runs in other number formats.
#include <set>

#include "models/weights/safetensors.h"
#include "tests/train/accident_run.h"

namespace deepmad::train {
namespace {

using PrecisionRunTest = ExperimentTest;

TEST_F(PrecisionRunTest, TrainsInBfloat16AndWithoutAverage) {
  const RunSummary run = Train("a", {"train.precision=bfloat16", "train.ema=null", "train.channels_last=false"});
  EXPECT_FALSE(run.summary.at("metrics").contains("top1_ema"));
  EXPECT_NE(run.summary.at("protocol").get<std::string>().find("bfloat16"), std::string::npos);
  EXPECT_EQ(models::ReadSafetensors(Folder("a") + "/last.safetensors").tensors[0].second.scalar_type(), at::kFloat);
}

TEST_F(PrecisionRunTest, TrainsInFloat16AndGoesOnToTheSameBits) {
  const std::vector<std::string> overrides = {"train.precision=float16", "train.loss_scale={initial: 8388608, growth_interval: 3}",
                                              "train.accumulate=2", "train.log_every_steps=1"};
  Train("whole", overrides);
  std::istringstream lines(Content("whole/log.jsonl"));
  std::set<double> scales;
  int64_t skipped = 0;
  for (std::string line; std::getline(lines, line);) {
    const base::Json record = base::Json::parse(line);
    if (!record.contains("loss_scale")) continue;
    scales.insert(record.at("loss_scale").get<double>());
    skipped = record.at("skipped");
  }
  EXPECT_GT(skipped, 0);  // so large a scale overflows at first
  EXPECT_LT(skipped, 12);
  EXPECT_GT(scales.size(), 2U);
  stop_at = Accident{1, 3};  // a micro-batch
  EXPECT_EQ(ErrorOf([&] { Train("stopped", overrides); }).kind(), base::ErrorKind::kStopped);
  base::ClearStopRequest();
  stop_at.reset();
  Train("stopped", overrides);
  ExpectSameRun("whole", "stopped");
}

TEST_F(PrecisionRunTest, AGradientThatOverflowsWithoutALossScaleIsADivergence) {
  lose_gradient_at = Accident{1, 1};
  const base::Error error = ErrorOf([&] { Train("a", {"train.precision=float16", "train.loss_scale.initial=1"}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
  EXPECT_NE(std::string(error.what()).find("overflows float16 without a loss scale at step 6"), std::string::npos) << error.what();
}

TEST_F(PrecisionRunTest, ADeterministicRunRefusesAnOperationWithoutADeterministicKernel) {
  lose_order = true;
  const base::Error error = ErrorOf([&] { Train("a", {"train.deterministic=true"}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  EXPECT_NE(std::string(error.what())
                .find("some_pool_backward_cuda has no deterministic kernel on this device: override 'train.deterministic=true'"),
            std::string::npos)
      << error.what();
  Train("b");
}

}  // namespace
}  // namespace deepmad::train
