// Every task in every precision with every switch of training, on a GPU that computes nothing: which calls are made is what is looked at.
#include <gtest/gtest.h>

#include <tuple>

#include "tests/fakecuda/gpu_run.h"
#include "tests/fakecuda/task_run.h"

namespace deepmad::fakecuda {
namespace {

using Json = nlohmann::json;

class TrainingOnGpu : public testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  // All updates ran on the device and each kept the budget.
  void ExpectTrains(const std::vector<std::string>& switches) const {
    const TaskRun run(task());
    std::vector<std::string> overrides = {"train.precision=" + std::get<1>(GetParam())};
    overrides.insert(overrides.end(), switches.begin(), switches.end());
    const GpuOutcome outcome = RunOnGpu(run.Words(folder_.File("run"), overrides));
    ASSERT_EQ(outcome.reports.size(), 1U) << outcome.err;
    ExpectClean(outcome);
    ASSERT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(Json::parse(outcome.out).contains("metrics")) << outcome.out;
    ExpectBudget(outcome.reports[0], run.updates());
  }
  const std::string& task() const { return std::get<0>(GetParam()); }

 private:
  const TemporaryFolder folder_;
};

TEST(FusedNormOnGpu, IsLeftOutWithOneWarningWhereItsKernelsComputeNothing) {
  const TemporaryFolder folder;
  const TaskRun run("classification", 1);
  const GpuOutcome outcome = RunOnGpu(run.Words(folder.File("run")));
  const std::string warning = "warning: the fused batch norm is left out on ";
  const size_t first = outcome.err.find(warning);
  ASSERT_NE(first, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(warning, first + 1), std::string::npos) << outcome.err;
  const GpuOutcome wanted = RunOnGpu(run.Words(folder.File("wanted"), {"train.fused_norm=on"}));
  EXPECT_EQ(wanted.exit_code, 2);
  EXPECT_NE(wanted.err.find("no fused batch norm on "), std::string::npos) << wanted.err;
}

TEST_P(TrainingOnGpu, RunsWithNothingSwitchedOn) { ExpectTrains({"train.ema=null", "train.clip_norm=null"}); }

TEST_P(TrainingOnGpu, RunsInPartsWithDropPathCheckpointingClippingAndAveragedWeights) {
  ExpectTrains({"train.accumulate=2", "train.drop_path=0.2", "train.activation_checkpointing=true", "train.clip_norm=1"});
}

const auto kName = [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); };
INSTANTIATE_TEST_SUITE_P(All, TrainingOnGpu, testing::Combine(testing::ValuesIn(kTasks), testing::ValuesIn(kPrecisions)), kName);

class RecordedTrainingOnGpu : public TrainingOnGpu {};

TEST_P(RecordedTrainingOnGpu, Runs) { ExpectTrains({"train.cuda_graphs=true", "train.ema=null"}); }

TEST_P(RecordedTrainingOnGpu, RunsInPartsWithDropPathCheckpointingClippingAndAveragedWeights) {
  ExpectTrains(
      {"train.cuda_graphs=true", "train.accumulate=2", "train.drop_path=0.2", "train.activation_checkpointing=true", "train.clip_norm=1"});
}

INSTANTIATE_TEST_SUITE_P(All, RecordedTrainingOnGpu, testing::Combine(testing::Values("classification"), testing::ValuesIn(kPrecisions)),
                         kName);

}  // namespace
}  // namespace deepmad::fakecuda
