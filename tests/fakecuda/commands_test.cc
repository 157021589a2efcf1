// The other commands on a GPU, and the choice of it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/fakecuda/gpu_run.h"
#include "tests/fakecuda/task_run.h"

namespace deepmad::fakecuda {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kCommon = {"--quiet", "--json", "--device", "cuda", "--threads", "1"};

std::vector<std::string> Command(std::vector<std::string> words) {
  words.insert(words.end(), kCommon.begin(), kCommon.end());
  return words;
}

// Kernels that ran in the only process that used a device.
long KernelsOf(const GpuOutcome& outcome) {
  EXPECT_EQ(outcome.reports.size(), 1U) << outcome.err;
  return outcome.reports.empty() ? 0 : CallsLike(outcome.reports[0].at("kernels"), "");
}

class CommandsOnGpu : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

class EachTaskOfCommandsOnGpu : public CommandsOnGpu, public testing::WithParamInterface<std::string> {};

TEST_P(EachTaskOfCommandsOnGpu, ValidatesAndPredictsWhatWasTrained) {
  const TaskRun run(GetParam(), 1);
  ASSERT_EQ(RunOnGpu(run.Words(out_)).exit_code, 0);
  const GpuOutcome validated = RunOnGpu(Command({"validate", out_}));
  ExpectClean(validated);
  EXPECT_GT(KernelsOf(validated), 20);
  EXPECT_GT(Json::parse(validated.out).at("samples"), 0);

  std::vector<std::string> words = {"predict", out_, GetParam() == "classification" ? out_ + "/curves.png" : run.Pictures()};
  if (GetParam() != "classification") words.insert(words.end(), {"--out", folder_.File("drawn")});
  const GpuOutcome predicted = RunOnGpu(Command(words));
  ExpectClean(predicted);
  EXPECT_GT(KernelsOf(predicted), 20);
  EXPECT_FALSE(Json::parse(predicted.out).empty());
}

INSTANTIATE_TEST_SUITE_P(All, EachTaskOfCommandsOnGpu, testing::ValuesIn(kTasks), [](const auto& task) { return task.param; });

// What waits a validation makes: per picture or batch none but the one that brings its results.
TEST_F(CommandsOnGpu, AValidationWaitsAtMostOnceABatch) {
  const TaskRun run("detection", 1);
  ASSERT_EQ(RunOnGpu(run.Words(out_)).exit_code, 0);
  const auto waits = [&](const char* batch) {
    const GpuOutcome outcome = RunOnGpu(Command({"validate", out_, batch}));
    ExpectClean(outcome);
    return outcome.reports.empty() ? -1 : CallsLike(outcome.reports[0].at("calls"), "wait: ");
  };
  const long one_by_one = waits("validate.batch_size=1"), together = waits("validate.batch_size=16");
  const long pictures = std::distance(std::filesystem::directory_iterator(run.Pictures()), std::filesystem::directory_iterator());
  EXPECT_LE(one_by_one - together, pictures);
}

TEST_F(CommandsOnGpu, BenchMeasuresEachKindOfWork) {
  const TaskRun run("classification", 1);
  ASSERT_EQ(RunOnGpu(run.Words(out_)).exit_code, 0);
  const GpuOutcome outcome = RunOnGpu(Command({"bench", out_, "--batch", "1,4", "--seconds", "0", "--layers"}));
  ExpectClean(outcome);
  EXPECT_GT(KernelsOf(outcome), 100);
  EXPECT_GE(Json::parse(outcome.out).at("cases").size(), 4U);
}

TEST_F(CommandsOnGpu, ProfileMakesATable) {
  const GpuOutcome outcome =
      RunOnGpu(Command({"profile", "--out", folder_.File("table.json"), "--seconds", "0", "--resolution", "24", "--training-batch", "2"}));
  ExpectClean(outcome);
  EXPECT_GT(KernelsOf(outcome), 100);
  EXPECT_EQ(Json::parse(outcome.out).at("fits").size(), 2U);
}

TEST_F(CommandsOnGpu, ADeviceIsTakenByItsNumberAndNoOther) {
  const TaskRun run("classification", 1);
  std::vector<std::string> words = run.Words(out_);
  *std::find(words.begin(), words.end(), "cuda") = "cuda:7";
  const GpuOutcome outcome = RunOnGpu(words, {.devices = 8});
  ExpectClean(outcome);
  ASSERT_EQ(outcome.reports.size(), 1U);
  const Json& peaks = outcome.reports[0].at("peak_bytes");
  ASSERT_EQ(peaks.size(), 8U);
  for (size_t device = 0; device < 7; ++device) EXPECT_EQ(peaks[device], 0) << device;
  EXPECT_GT(peaks[7], 0);
}

TEST_F(CommandsOnGpu, AutoTakesAGpuWhereOneIs) {
  const TaskRun run("classification", 1);
  for (const int devices : {0, 1}) {
    std::vector<std::string> words = run.Words(folder_.File("run" + std::to_string(devices)));
    *std::find(words.begin(), words.end(), "cuda") = "auto";
    const GpuOutcome outcome = RunOnGpu(words, {.devices = devices});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.reports.size(), static_cast<size_t>(devices));
  }
}

}  // namespace
}  // namespace deepmad::fakecuda
