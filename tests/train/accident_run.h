// Runs with accidents for tests: made-up pictures, a tiny network, and a task that stops or loses its numbers where it is told to.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "tests/train/tiny_network.h"
#include "train/run/run.h"

namespace deepmad::train {

// Classification with accidents: at one batch it asks the run to stop, or loses its loss or its gradient; or a score is lost.
struct Accident {
  int64_t epoch = 0, batch = 0;
};
inline std::optional<Accident> stop_at;
inline std::optional<Accident> lose_at;
inline std::optional<Accident> lose_gradient_at;
inline bool lose_score = false;
inline bool lose_order = false;     // the loss takes an operation without a deterministic kernel
inline int metrics_until_stop = 0;  // asks the run to stop when the metric of that number is made; 0: never

inline constexpr const char* kRun = R"(
version: 1
seed: 3
task: {name: accident, label_smoothing: 0.1, mixup: 0.2, cutmix: 1}
data:
  name: synthetic
  samples: 70
  validation_samples: 21
  classes: 4
  height: 18
  width: 18
  image_size: 16
  workers: 1
  train: {crop: padded, padding: 2, interpolation: bilinear}
  validate: {crop_pct: 1, interpolation: bilinear}
train:
  epochs: 3
  batch_size: 16
  optimizer: {name: sgd, lr_per_256: 1.0, weight_decay: 1.0e-4}
  schedule: {warmup_epochs: 1}
  ema: {decay: 0.9}
  clip_norm: 5
  log_every_steps: 3
validate: {batch_size: 8}
)";

class ExperimentTest : public testing::Test {
 protected:
  void SetUp() override {
    base::SetLogLevel(base::LogLevel::kQuiet);
    folder_ = testing::TempDir() + "/experiment_test_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    stop_at.reset();
    lose_at.reset();
    lose_gradient_at.reset();
    lose_score = false;
    lose_order = false;
    metrics_until_stop = 0;
    base::ClearStopRequest();
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    base::ClearStopRequest();
    base::SetLogLevel(base::LogLevel::kNormal);
  }

  // One thread: a tiny network gains nothing from more, and waiting for them is slow on a busy machine.
  static RunOptions Options() {
    RunOptions options;
    options.device = "cpu";
    options.threads = 1;
    return options;
  }
  RunSummary Train(const std::string& name, const std::vector<std::string>& overrides = {}, bool fresh = false) const {
    base::Config config = base::Config::FromText(kRun, "run.yaml");
    for (const std::string& assignment : overrides) config.Override(assignment);
    RunOptions options = Options();
    options.out = Folder(name);
    options.fresh = fresh;
    return TrainRun(config, TinyNetwork(), options);
  }
  // A run with a network that does not fit it.
  void ExpectRefused(const std::string& words, const std::function<void(mad::NetworkSpec&)>& change) const {
    mad::NetworkSpec spec = TinyNetwork();
    change(spec);
    RunOptions options = Options();
    options.out = Folder("refused");
    const base::Error error = ErrorOf([&] { TrainRun(base::Config::FromText(kRun, "run.yaml"), spec, options); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    EXPECT_FALSE(std::filesystem::exists(options.out));
  }
  std::string Folder(const std::string& name) const { return folder_ + "/" + name; }
  std::string Content(const std::string& file) const { return base::ReadFile(folder_ + "/" + file); }

  // The log without what a clock decides.
  std::string LogWithoutTimes(const std::string& run) const {
    std::istringstream lines(Content(run + "/log.jsonl"));
    std::string result;
    for (std::string line; std::getline(lines, line);) {
      base::Json record = base::Json::parse(line);
      base::Json kept = base::Json::object();
      for (const auto& [key, value] : record.items()) {
        if (key.find("second") == std::string::npos && key.find("time") == std::string::npos && key != "data_share" && key != "peak_bytes")
          kept[key] = value;
      }
      result += kept.dump() + "\n";
    }
    return result;
  }

  std::string LastLine(const std::string& file) const {
    std::istringstream lines(Content(file));
    std::string last;
    for (std::string line; std::getline(lines, line);) last = line;
    return last;
  }

  void ExpectSameRun(const std::string& a, const std::string& b) const {
    for (const char* file : {"last", "last_ema", "best", "best_ema"}) {
      EXPECT_EQ(Content(a + "/" + file + ".safetensors"), Content(b + "/" + file + ".safetensors")) << file;
    }
    EXPECT_EQ(LogWithoutTimes(a), LogWithoutTimes(b));
  }

  base::Error ErrorOf(const std::function<void()>& action) const {
    try {
      action();
    } catch (const base::Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return base::UsageError("none");
  }

  std::string folder_;
};

}  // namespace deepmad::train
