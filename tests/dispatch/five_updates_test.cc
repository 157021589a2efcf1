// Whole runs of every task on a device of type CUDA whose kernels are the CPU's: what the program does differently for a GPU must give the
// CPU's losses, scores and weights.
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/log.h"
#include "models/layers/named_tensors.h"
#include "models/weights/safetensors.h"
#include "tests/cli/detection_run.h"
#include "tests/cli/scene_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/video_run.h"
#include "tests/temporary_folder.h"
#include "train/run/run.h"

namespace deepmad::dispatch {
namespace {

constexpr double kTolerance = 1e-6;

// The CPU's fused norm rounds otherwise than the operations that a device has.
const std::vector<std::string> kFiveUpdates = {
    "train.precision=float32",        "train.epochs=null",   "train.steps=5", "validate.every_steps=5",
    "train.checkpoint_every_steps=0", "train.fused_norm=off"};

struct Outcome {
  base::Json summary;
  std::vector<double> losses;
  std::vector<models::NamedTensors> weights;
};

std::vector<double> LossesOf(const std::string& folder) {
  std::istringstream lines(base::ReadFile(folder + "/log.jsonl"));
  std::vector<double> losses;
  for (std::string line; std::getline(lines, line);) {
    const base::Json record = base::Json::parse(line);
    if (record.contains("loss")) losses.push_back(record.at("loss"));
  }
  return losses;
}

class FiveUpdates : public testing::Test {
 protected:
  void SetUp() override { base::SetLogLevel(base::LogLevel::kQuiet); }
  void TearDown() override { base::SetLogLevel(base::LogLevel::kNormal); }

  Outcome Train(const std::string& run_file, const std::string& device, const std::vector<std::string>& overrides) const {
    base::Config config = base::Config::FromFile(run_file);
    for (const std::string& assignment : kFiveUpdates) config.Override(assignment);
    for (const std::string& assignment : overrides) config.Override(assignment);
    const mad::NetworkSpec network =
        config.IsScalar("network") ? mad::LoadNetwork(config.GetPath("network")) : mad::NetworkFromConfig(config.Section("network"));
    train::RunOptions options;
    options.device = device;
    options.threads = 1;
    const TemporaryFolder out;
    options.out = out.File("run");
    Outcome outcome;
    outcome.summary = train::TrainRun(config, network, options).summary;
    outcome.losses = LossesOf(options.out);
    for (const char* file : {"/last.safetensors", "/last_ema.safetensors"}) {
      outcome.weights.push_back(models::ReadSafetensors(options.out + file).tensors);
    }
    return outcome;
  }

  void ExpectTheCpusResult(const std::string& run_file, const std::vector<std::string>& overrides = {}) const {
    const Outcome cpu = Train(run_file, "cpu", overrides), device = Train(run_file, "cuda", overrides);
    EXPECT_EQ(device.summary.at("device"), "CPU kernels under CUDA's key");
    ASSERT_EQ(cpu.losses.size(), 5U);
    ASSERT_EQ(device.losses.size(), 5U);
    for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(device.losses[i], cpu.losses[i], kTolerance * std::abs(cpu.losses[i])) << "update " << i;
    for (size_t set = 0; set < 2; ++set) {
      ASSERT_EQ(device.weights[set].size(), cpu.weights[set].size());
      for (size_t i = 0; i < cpu.weights[set].size(); ++i) {
        const at::Tensor wanted = cpu.weights[set][i].second.to(at::kDouble), got = device.weights[set][i].second.to(at::kDouble);
        const double scale = std::max(1.0, wanted.abs().max().item<double>());
        const std::string& name = cpu.weights[set][i].first;
        const double tolerance =
            name.ends_with("running_var") ? 3 * kTolerance : kTolerance;  // of squares, so the maps' rounding counts twice
        EXPECT_LE((got - wanted).abs().max().item<double>(), tolerance * scale) << name;
      }
    }
    for (const auto& [name, value] : cpu.summary.at("metrics").items()) {
      EXPECT_NEAR(device.summary.at("metrics").at(name).get<double>(), value.get<double>(), kTolerance) << name;
    }
  }
};

TEST_F(FiveUpdates, Classification) {
  const cli::SmallRun run;
  ExpectTheCpusResult(run.run_file());
  ExpectTheCpusResult(run.run_file(), {"train.optimizer={name: adamw, lr: 0.001}", "train.accumulate=2", "train.clip_norm=1",
                                       "train.drop_path=0.2", "task.cutmix=1", "train.activation_checkpointing=true"});
  ExpectTheCpusResult(run.run_file(), {"train.optimizer={name: lamb, lr: 0.01}", "train.cuda_graphs=true", "train.channels_last=false"});
}

TEST_F(FiveUpdates, Segmentation) {
  const cli::SceneRun run;
  ExpectTheCpusResult(run.folder().File("run.yaml"), {"data.root=" + run.folder().path()});
}

TEST_F(FiveUpdates, Detection) {
  const cli::DetectionRun run;
  const std::string root = "data.root=" + run.folder().path();
  ExpectTheCpusResult(run.folder().File("run.yaml"), {root});
  ExpectTheCpusResult(run.folder().File("run.yaml"), {root, "network.head.type=gflv2"});
}

TEST_F(FiveUpdates, ActionRecognition) {
  for (const cli::VideoNetwork network : {cli::VideoNetwork::kTsn, cli::VideoNetwork::kClips}) {
    const cli::VideoRun run(network);
    ExpectTheCpusResult(run.folder().File("run.yaml"), {"data.root=" + run.folder().path()});
  }
}

}  // namespace
}  // namespace deepmad::dispatch
