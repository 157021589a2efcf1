// Several processes on this machine: the same results as one, and ends that all of them share.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"
#include "tests/places.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Ranks(int count, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--nproc", std::to_string(count)});
  return more;
}

// The processes that `parent` started, oldest first: rank 0, rank 1, ...
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

void Await(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool HasCheckpoint(const std::string& out) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(out + "/checkpoints", absent)) {
    if (entry.path().extension() == ".safetensors") return true;
  }
  return false;
}

class RanksTest : public testing::Test {
 protected:
  // Started, and past its first checkpoint.
  std::unique_ptr<Program> UnderWay(int count, const std::vector<std::string>& overrides = {}) const {
    auto program = std::make_unique<Program>(run_.Words(out_, Ranks(count, overrides)));
    Await([&] { return !program->Running() || HasCheckpoint(out_); });
    return program;
  }
  void ExpectGoesOn(int count, const std::vector<std::string>& overrides = {}) const {
    const Outcome resumed = run_.Train(out_, Ranks(count, overrides));
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(resumed.err, "");
  }

  const SmallRun run_;
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
  const std::string whole_ = folder_.File("whole");
};

// No mixing, which is drawn within each rank's part, and no jump of the learning rate that would magnify a rounding error.
const std::vector<std::string> kExact = {"train.precision=float64", "task.mixup=0", "validate.batch_size=64"};

TEST_F(RanksTest, TwoAndFourRanksMakeTheWeightsOfOneProcess) {
  const Outcome one = run_.Train(whole_, kExact);
  ASSERT_EQ(one.exit_code, 0) << one.err;
  for (const int count : {2, 4}) {
    SCOPED_TRACE(count);
    const std::string out = folder_.File("run" + std::to_string(count));
    const Outcome outcome = run_.Train(out, Ranks(count, kExact));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_LT(LargestDifference(whole_ + "/last.safetensors", out + "/last.safetensors"), 1e-9);
    EXPECT_LT(LargestDifference(whole_ + "/last_ema.safetensors", out + "/last_ema.safetensors"), 1e-9);
    const auto summary = nlohmann::json::parse(outcome.out), expected = nlohmann::json::parse(one.out);
    EXPECT_EQ(summary.at("metrics").at("top1"), expected.at("metrics").at("top1"));
    EXPECT_EQ(summary.at("samples"), expected.at("samples"));
  }
}

TEST_F(RanksTest, AnyNumberOfRanksCountsEveryValidationSampleOnce) {
  ASSERT_EQ(run_.Train(whole_).exit_code, 0);
  for (const int samples : {1, 2, 5, 7}) {
    SCOPED_TRACE(samples);
    std::vector<std::string> words = {"validate",
                                      whole_,
                                      "--quiet",
                                      "--json",
                                      "--device",
                                      "cpu",
                                      "validate.batch_size=2",
                                      "data.validation_samples=" + std::to_string(samples)};
    const auto one = nlohmann::json::parse(Deepmad(words).out);
    words.insert(words.end(), {"--nproc", "4"});
    const Outcome outcome = Deepmad(words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto four = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(four.at("samples"), samples);
    for (const char* counted : {"top1", "top5"}) EXPECT_EQ(four.at("metrics").at(counted), one.at("metrics").at(counted)) << counted;
    EXPECT_NEAR(four.at("metrics").at("loss").get<double>(), one.at("metrics").at("loss").get<double>(), 1e-6);
  }
}

TEST_F(RanksTest, StatisticsOfEachRankAreAveragedAfterEveryUpdate) {
  const std::vector<std::string> local = {"train.sync_bn=false"};
  ASSERT_EQ(run_.Train(whole_, Ranks(2, local)).exit_code, 0);
  const auto program = UnderWay(2, local);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait().exit_code, 75);
  ExpectGoesOn(2, local);
  ExpectSameRun(whole_, out_);
}

TEST_F(RanksTest, RecordedPassesMakeTheSameRun) {
  ASSERT_EQ(run_.Train(whole_, Ranks(2)).exit_code, 0);
  const Outcome outcome = run_.Train(out_, Ranks(2, {"train.cuda_graphs=true"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* file : {"/last.safetensors", "/last_ema.safetensors"})
    EXPECT_EQ(LargestDifference(whole_ + file, out_ + file), 0) << file;
}

TEST_F(RanksTest, ASignalStopsAllRanksWithTheStateSaved) {
  ASSERT_EQ(run_.Train(whole_, Ranks(2)).exit_code, 0);
  for (const int signal : {SIGTERM, SIGUSR1}) {
    SCOPED_TRACE(signal);
    fs::remove_all(out_);
    const auto program = UnderWay(2);
    program->Signal(signal);
    const Outcome stopped = program->Wait();
    EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
    EXPECT_NE(stopped.err.find("the state is saved"), std::string::npos) << stopped.err;
    ExpectGoesOn(2);
    ExpectSameRun(whole_, out_);
  }
}

TEST_F(RanksTest, ASignalToOneRankStopsAll) {
  const auto program = UnderWay(2, {"train.epochs=1000"});
  ::kill(ChildrenOf(program->pid()).at(1), SIGUSR1);
  EXPECT_EQ(program->Wait().exit_code, 75);
}

TEST_F(RanksTest, ARankThatIsKilledEndsTheOthersByName) {
  ASSERT_EQ(run_.Train(whole_, Ranks(3, {"train.batch_size=48"})).exit_code, 0);
  for (const size_t victim : {1, 0}) {
    SCOPED_TRACE(victim);
    fs::remove_all(out_);
    const auto program = UnderWay(3, {"train.batch_size=48"});
    ::kill(ChildrenOf(program->pid()).at(victim), SIGKILL);
    const Outcome outcome = program->Wait();
    EXPECT_EQ(outcome.exit_code, 1);
    const std::string name = "rank " + std::to_string(victim);
    EXPECT_NE(outcome.err.find("deepmad: " + name + " was killed by signal 9 (Killed)\n"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("deepmad: rank 2 ("), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("): " + name + " ("), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("ended without a word"), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 3) << outcome.err;
    ExpectEveryFileWhole(out_);
    ExpectGoesOn(3, {"train.batch_size=48"});
    ExpectNothingHalfWritten(out_);
    ExpectSameRun(whole_, out_);
  }
}

TEST_F(RanksTest, AnotherNumberOfRanksGoesOnFromTheCheckpoint) {
  ASSERT_EQ(run_.Train(whole_, kExact).exit_code, 0);
  const auto program = UnderWay(2, kExact);
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait().exit_code, 75);
  ExpectGoesOn(4, kExact);
  EXPECT_LT(LargestDifference(whole_ + "/last.safetensors", out_ + "/last.safetensors"), 1e-9);
}

TEST_F(RanksTest, EveryRankTakesTheClassesOfTheData) {
  const std::vector<std::string> words = {"classes_from_data=true", "network={include: " + run_.network_file() + ", head: {classes: 9}}",
                                          "train.epochs=1"};
  const Outcome outcome = run_.Train(out_, Ranks(2, words));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(ReadTensorFile(out_ + "/last.safetensors").tensors.at("fc_linear.bias").shape, (std::vector<int64_t>{4}));
  ExpectOneLine(run_.Train(folder_.File("own"), {words[1]}), 2, {"network 'small' has 9 classes, the data 4"});
}

TEST_F(RanksTest, AnErrorOfOneRankReachesAll) {
  const Outcome outcome = run_.Train(
      out_, Ranks(2), {"LD_PRELOAD=" + FaultLibrary(), "FAULT_UNDER=" + out_, "FAULT_CALL=rename", "FAULT_ACTION=28", "FAULT_AT=4"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 2) << outcome.err;
  EXPECT_NE(outcome.err.find("deepmad: rank 0 ("), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("deepmad: rank 1 ("), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("No space left on device", outcome.err.find('\n')), std::string::npos) << outcome.err;
}

// Of all updates in a trace: the floats that were exchanged.
int64_t FloatsExchanged(const nlohmann::json& trace, const std::string& operation) {
  int64_t floats = 0;
  for (const auto& event : trace.at("traceEvents")) {
    if (event.value("name", "") != operation || event.at("args").at("Input type").at(0) != "float") continue;
    for (const auto& shape : event.at("args").at("Input Dims")) floats += shape.at(0).get<int64_t>();
  }
  return floats;
}

TEST_F(RanksTest, EachRankTracesItsExchanges) {
  const Outcome outcome = run_.Train(out_, Ranks(2, {"train.sync_bn=false", "--profile", folder_.File("trace.json")}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  int64_t floats = 0;  // gradients of the parameters, and the running statistics
  for (const auto& [name, tensor] : ReadTensorFile(out_ + "/last.safetensors").tensors) {
    if (tensor.dtype == "F32") floats += static_cast<int64_t>(tensor.bytes.size() / sizeof(float));
  }
  for (const int rank : {0, 1}) {
    SCOPED_TRACE(rank);
    std::ifstream file(folder_.File("trace.rank" + std::to_string(rank) + ".json"));
    const auto trace = nlohmann::json::parse(file);
    EXPECT_EQ(trace.at("distributedInfo"), nlohmann::json({{"backend", "gloo"}, {"rank", rank}, {"world_size", 2}}));
    std::map<std::string, int> ranges;
    for (const auto& event : trace.at("traceEvents")) ++ranges[event.value("name", "")];
    for (const char* phase : {"forward", "backward", "optimizer"}) EXPECT_EQ(ranges[phase], 5) << phase;
    EXPECT_EQ(FloatsExchanged(trace, "gloo:all_reduce"), 5 * floats);
  }
}

TEST_F(RanksTest, ABatchThatCannotBeSharedEquallyIsRefused) {
  const Outcome outcome = run_.Train(out_, Ranks(3));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("a batch of 64 samples cannot be shared equally by 3 processes"), std::string::npos) << outcome.err;
}

TEST_F(RanksTest, ABrokenEnvironmentIsNamed) {
  ExpectOneLine(run_.Train(out_, {}, {"RANK=2", "WORLD_SIZE=2"}), 2, {"'2' is not a number from 0 to 1: RANK"});
  ExpectOneLine(run_.Train(out_, {}, {"RANK=0", "WORLD_SIZE=2", "MASTER_ADDR="}), 2, {"the variable is not set: MASTER_ADDR"});
  ExpectOneLine(run_.Train(out_, Ranks(2), {"RANK=0", "WORLD_SIZE=2", "MASTER_ADDR=localhost", "MASTER_PORT=29500"}), 2,
                {"--nproc 2 within one of 2 ranks: RANK=0, WORLD_SIZE=2: leave --nproc out"});
}

}  // namespace
}  // namespace deepmad::cli
