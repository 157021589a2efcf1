// Several ranks with a device each: the same exchanges in the same order, of memory that NCCL can use.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "tests/fakecuda/gpu_run.h"
#include "tests/fakecuda/task_run.h"
#include "tests/free_port.h"

namespace deepmad::fakecuda {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// The processes that `parent` started, oldest first: rank 0, rank 1, ...
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

// The device of a rank's only communicator, and an orderly end of it.
std::string DeviceOf(const Json& report) {
  std::string device;
  for (const auto& [call, count] : report.at("calls").items()) {
    if (call.rfind("communicator on ", 0) != 0) continue;
    EXPECT_EQ(device, "") << "a second communicator";
    EXPECT_EQ(count, 1);
    device = call;
  }
  EXPECT_EQ(CallsLike(report.at("calls"), "ncclCommAbort"), 0);
  EXPECT_EQ(CallsLike(report.at("calls"), "ncclCommDestroy"), 1);
  return device;
}

// LibTorch's reducer times its first ten exchanges, and waits for them.
constexpr int kTimed = 11, kUpdates = 15;

class RanksOnGpu : public testing::Test {
 protected:
  static std::vector<std::string> TwoRanks(std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), {"--nproc", "2"});
    return overrides;
  }
  static void ExpectTogether(const GpuOutcome& outcome) {
    ExpectClean(outcome);
    ASSERT_EQ(outcome.reports.size(), 2U) << outcome.err;
    EXPECT_FALSE(outcome.reports[0].at("exchanges").empty());
    EXPECT_EQ(outcome.reports[0].at("exchanges"), outcome.reports[1].at("exchanges"));
  }

  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

class EachTaskOfRanksOnGpu : public RanksOnGpu, public testing::WithParamInterface<std::string> {};

TEST_P(EachTaskOfRanksOnGpu, TrainsWithStatisticsOverAllRanks) {
  const TaskRun run(GetParam(), kUpdates);
  const GpuOutcome outcome = RunOnGpu(run.Words(out_, TwoRanks({})), {.devices = 2});
  ExpectTogether(outcome);
  ASSERT_EQ(outcome.reports.size(), 2U);
  EXPECT_NE(DeviceOf(outcome.reports[0]), DeviceOf(outcome.reports[1]));
  for (const Json& report : outcome.reports) ExpectBudget(report, run.updates(), kTimed);
}

INSTANTIATE_TEST_SUITE_P(All, EachTaskOfRanksOnGpu, testing::ValuesIn(kTasks), [](const auto& task) { return task.param; });

TEST_F(RanksOnGpu, TrainWithStatisticsOfTheirOwnInFloat16AndValidate) {
  const TaskRun run("classification", kUpdates);
  const GpuOutcome trained = RunOnGpu(run.Words(out_, TwoRanks({"train.sync_bn=false", "train.precision=float16"})), {.devices = 2});
  ExpectTogether(trained);
  for (const Json& report : trained.reports) ExpectBudget(report, run.updates(), kTimed);
  ASSERT_EQ(trained.exit_code, 0);
  const GpuOutcome validated = RunOnGpu({"validate", out_, "--quiet", "--json", "--device", "cuda", "--nproc", "2"}, {.devices = 2});
  ExpectClean(validated);
  EXPECT_EQ(validated.reports.size(), 2U);
  EXPECT_EQ(Json::parse(validated.out).at("samples"), 32);
}

TEST_F(RanksOnGpu, ARankThatIsKilledEndsTheOther) {
  const TaskRun run("classification", 600);
  GpuProgram program(run.Words(out_, TwoRanks({"train.sync_bn=false", "train.checkpoint_every_steps=1"})), {.devices = 2});
  while (program.Running() && !fs::exists(out_ + "/checkpoints")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const std::vector<pid_t> ranks = ChildrenOf(program.pid());
  ASSERT_EQ(ranks.size(), 2U);
  ::kill(ranks[1], SIGKILL);
  const GpuOutcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("deepmad: rank 1 was killed by signal 9 (Killed)\n"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("deepmad: rank 0 ("), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("ended without a word"), std::string::npos) << outcome.err;
}

// As srun starts two tasks on one machine.
std::vector<std::string> TaskOfSlurm(int rank, int port) {
  return {"SLURM_STEP_NUM_TASKS=2",
          "SLURM_STEP_TASKS_PER_NODE=2",
          "SLURM_PROCID=" + std::to_string(rank),
          "SLURM_LOCALID=" + std::to_string(rank),
          "SLURM_JOB_ID=1",
          "MASTER_ADDR=127.0.0.1",
          "MASTER_PORT=" + std::to_string(port)};
}

// Two tasks of which each sees those devices of the machine's two that `visible` names; their device, as each of them counts.
std::vector<std::string> DevicesOfTasks(const std::string& out, const std::vector<std::string>& visible) {
  const TaskRun run("classification");
  const int port = FreePort();
  std::vector<std::unique_ptr<GpuProgram>> tasks;
  for (int rank = 0; rank < 2; ++rank) {
    std::vector<std::string> environment = TaskOfSlurm(rank, port);
    environment.push_back("CUDA_VISIBLE_DEVICES=" + visible[static_cast<size_t>(rank)]);
    tasks.push_back(std::make_unique<GpuProgram>(run.Words(out, {"train.sync_bn=false"}), Machine{.devices = 2}, environment));
  }
  std::vector<std::string> devices;
  for (const auto& task : tasks) {
    const GpuOutcome outcome = task->Wait();
    ExpectClean(outcome);
    EXPECT_EQ(outcome.reports.size(), 1U) << outcome.err;
    if (outcome.reports.size() == 1) devices.push_back(DeviceOf(outcome.reports[0]));
  }
  return devices;
}

TEST_F(RanksOnGpu, ATaskThatSeesOneDeviceTakesIt) {
  EXPECT_EQ(DevicesOfTasks(out_, {"0", "1"}), (std::vector<std::string>{"communicator on device 0", "communicator on device 0"}));
}

TEST_F(RanksOnGpu, ATaskThatSeesAllDevicesTakesItsOwn) {
  EXPECT_EQ(DevicesOfTasks(out_, {"0,1", "0,1"}), (std::vector<std::string>{"communicator on device 0", "communicator on device 1"}));
}

TEST_F(RanksOnGpu, MoreRanksThanDevicesAreRefused) {
  const TaskRun run("classification");
  const GpuOutcome outcome = RunOnGpu(run.Words(out_, {"--nproc", "4"}), {.devices = 2});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("there is no CUDA device 2"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace deepmad::fakecuda
