// Recorded passes: beside other threads that take memory, in the memory of one step, and with the batch that fits.
#include <gtest/gtest.h>

#include "tests/fakecuda/gpu_run.h"
#include "tests/fakecuda/task_run.h"

namespace deepmad::fakecuda {
namespace {

using Json = nlohmann::json;

class RecordingOnGpu : public testing::Test {
 protected:
  // A device that is full is asked again after the allocator has given back what it keeps; nothing else may be refused.
  static void ExpectRecorded(const GpuOutcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(ErrorsOf(outcome), "");
    ASSERT_EQ(outcome.reports.size(), 1U);
    EXPECT_GE(CallsLike(outcome.reports[0].at("calls"), "cudaStreamBeginCapture"), 1);
    EXPECT_GE(CallsLike(outcome.reports[0].at("calls"), "cudaGraphLaunch"), 1);
    const Json& refused = outcome.reports[0].at("refused");
    EXPECT_EQ(CallsLike(refused, ""), CallsLike(refused, "cudaMalloc: cudaErrorMemoryAllocation")) << refused;
  }
  // One epoch of so many samples an update.
  static std::vector<std::string> Batches(int samples, int updates) {
    return {"train.batch_size=" + std::to_string(samples), "data.samples=" + std::to_string(samples * updates), "train.precision=float64"};
  }
  static std::vector<std::string> Recorded(std::vector<std::string> overrides) {
    overrides.push_back("train.cuda_graphs=true");
    return overrides;
  }

  const TaskRun run_{"classification"};
  const TemporaryFolder folder_;
};

// Room for all batches of the run, each large enough to be under way while the first is recorded.
TEST_F(RecordingOnGpu, WorkersPinMemoryMeanwhile) {
  constexpr int kStarts = 10;
  for (int start = 0; start < kStarts; ++start) {
    SCOPED_TRACE("start " + std::to_string(start));
    const std::string out = folder_.File("run" + std::to_string(start));
    ExpectRecorded(RunOnGpu(
        run_.Words(out, Recorded({"data.workers=4", "data.queue_batches=64", "data.samples=256", "data.height=200", "data.width=200"}))));
    if (HasFailure()) return;
  }
}

TEST_F(RecordingOnGpu, TakesTheMemoryOfOneStep) {
  const std::vector<std::string> batches = Batches(1024, 2);
  const GpuOutcome plain = RunOnGpu(run_.Words(folder_.File("plain"), batches));
  ExpectClean(plain);
  ASSERT_EQ(plain.reports.size(), 1U);
  const double peak = plain.reports[0].at("peak_bytes")[0];
  ExpectRecorded(RunOnGpu(run_.Words(folder_.File("recorded"), Recorded(batches)), {.bytes = 1.4 * peak}));
}

// One recording of training and one of validation, which the averaged weights use too; the smaller batch at the end is in neither.
TEST_F(RecordingOnGpu, ValidationReplaysItsPassOverBatchesOfOneSize) {
  const GpuOutcome outcome = RunOnGpu(
      run_.Words(folder_.File("run"), Recorded({"validate.batch_size=16", "data.validation_samples=40", "train.ema={decay: 0.9}"})));
  ExpectClean(outcome);
  ASSERT_EQ(outcome.reports.size(), 1U);
  const Json& calls = outcome.reports[0].at("calls");
  EXPECT_EQ(CallsLike(calls, "cudaStreamBeginCapture"), 2);
  EXPECT_EQ(CallsLike(calls, "cudaGraphLaunch"), run_.updates() + 2 * 2);
}

// Batches that do not fit are tried first; what is left of their recordings must not stand in the way, nor may the one that is chosen leave
// too little memory for the validation.
TEST_F(RecordingOnGpu, TheLargestBatchIsFoundAndTheRunGoesToItsEnd) {
  const GpuOutcome outcome =
      RunOnGpu(run_.Words(folder_.File("run"),
                          Recorded({"train.batch_size=auto", "train.precision=float64", "train.batch_limits={max: 4096, memory_share: 1}",
                                    "data.samples=4096", "data.validation_samples=512", "validate.batch_size=512"})),
               {.bytes = 3e8});
  ExpectRecorded(outcome);
  ASSERT_EQ(outcome.exit_code, 0);
  EXPECT_GE(CallsLike(outcome.reports[0].at("refused"), "cudaMalloc"), 1) << "a batch that does not fit";
  EXPECT_TRUE(Json::parse(outcome.out).contains("metrics")) << outcome.out;
}

}  // namespace
}  // namespace deepmad::fakecuda
