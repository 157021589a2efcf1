// What holds an update up, and what is said of its pace.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakecuda/gpu_run.h"
#include "tests/fakecuda/task_run.h"

namespace deepmad::fakecuda {
namespace {

using Json = nlohmann::json;

class PaceOnGpu : public testing::Test {
 protected:
  void ExpectPace(const std::vector<std::string>& overrides) const {
    const TaskRun run("classification", 12);
    const GpuOutcome outcome = RunOnGpu(run.Words(folder_.File("run"), overrides));
    ExpectClean(outcome);
    ASSERT_EQ(outcome.reports.size(), 1U);
    ExpectBudget(outcome.reports[0], run.updates());
  }

  const TemporaryFolder folder_;
};

TEST_F(PaceOnGpu, AnUpdateWaitsForTheOneBeforeAlone) { ExpectPace({"task.mixup=0", "train.precision=float32"}); }

TEST_F(PaceOnGpu, MixingDropPathAndTheLossScaleDoNotWait) {
  ExpectPace({"task.cutmix=1", "train.drop_path=0.2", "train.precision=float16"});
}

// Kernels take longer than the host to launch them: the pace is the device's.
TEST_F(PaceOnGpu, TheImagesASecondInTheLogAreThoseOfTheClock) {
  constexpr int kUpdates = 12, kLogged = 3;
  const TaskRun run("classification", kUpdates);
  for (const char* graphs : {"false", "true"}) {
    SCOPED_TRACE(graphs);
    const std::string out = folder_.File(std::string("run-") + graphs);
    ExpectClean(RunOnGpu(run.Words(out, {"train.log_every_steps=" + std::to_string(kLogged), std::string("train.cuda_graphs=") + graphs}),
                         {.kernel_microseconds = 100}));
    std::ifstream log(out + "/log.jsonl");
    double said = 0, measured = 0;
    for (std::string line; std::getline(log, line);) {
      const Json record = Json::parse(line);
      if (record.at("type") == "steps") said += kLogged * 16 / record.at("images_per_second").get<double>();
      if (record.contains("train_seconds")) measured = record.at("train_seconds");
    }
    ASSERT_GT(measured, 0);
    EXPECT_NEAR(said / measured, 1, 0.02) << said << " s said, " << measured << " s measured";
  }
}

}  // namespace
}  // namespace deepmad::fakecuda
