// Detection from the command line: training of both heads, resume, several processes, results files, fine-tuning.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/detection_run.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::vector<std::string> kHeads = {"fcos", "gflv2"};

std::string HeadOverride(const std::string& head) { return "network.head.type=" + head; }

class DetectionTest : public testing::Test {
 protected:
  Json Ran(const std::vector<std::string>& words) const {
    const Outcome outcome = Deepmad(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
  }
  Json Trained(const std::string& out, const std::vector<std::string>& overrides = {}) const { return Ran(run_.Words(out, overrides)); }

  const DetectionRun run_;
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

TEST_F(DetectionTest, LearnsToFindBlocksAndItsResultsScoreAsTheValidationSays) {
  for (const std::string& head : kHeads) {
    SCOPED_TRACE(head);
    const std::string out = folder_.File(head);
    const Json summary = Trained(out, {HeadOverride(head), "train.steps=120", "validate.every_steps=60", "train.optimizer.name=adamw",
                                       "train.optimizer.lr=0.004", "train.schedule.milestones=[10]"});
    EXPECT_GT(summary.at("metrics").at("AP50").get<double>(), 0.1);
    EXPECT_EQ(summary.at("metrics").size(), 24U) << "twelve numbers, and those of the averaged weights";
    EXPECT_EQ(summary.at("classes").size(), 3U);

    const std::string results = folder_.File(head + ".json");
    const Json validated = Ran({"validate", out, "--quiet", "--json", "--device", "cpu", "--threads", "1", "--results", results});
    const Json scored =
        Ran({"evaluate", "coco", "--annotations", run_.DataFile("annotations/instances_val2017.json"), "--results", results, "--json"});
    for (size_t i = 0; i < 12; ++i) {
      const std::string name = scored.at("stat_names")[i];
      EXPECT_EQ(validated.at("metrics").at(name), summary.at("metrics").at(name)) << name;
      EXPECT_EQ(scored.at("stats")[i], summary.at("metrics").at(name)) << name;
    }
    EXPECT_EQ(scored.at("classes"), summary.at("classes"));
    EXPECT_NE(base::ReadFile(out + "/report.html").find("<h2>Classes</h2>"), std::string::npos);
  }
}

TEST_F(DetectionTest, TwoProcessesMakeTheWeightsAndTheScoreOfOne) {
  for (const std::string& head : kHeads) {
    SCOPED_TRACE(head);
    const std::string one = folder_.File(head + "1"), two = folder_.File(head + "2");
    // Pictures of one size: each process pads to the largest of its own, and the loss of FCOS counts the padding.
    std::vector<std::string> exact = {HeadOverride(head), "train.precision=float64", "data.train.short_edge=[64]"};
    const Json alone = Trained(one, exact);
    exact.insert(exact.end(), {"--nproc", "2"});
    const Json both = Ran(run_.Words(two, exact));
    EXPECT_LT(LargestDifference(one + "/last.safetensors", two + "/last.safetensors"), 1e-6);
    EXPECT_EQ(both.at("metrics"), alone.at("metrics"));
    EXPECT_EQ(both.at("classes"), alone.at("classes"));
  }
}

int Lines(const std::string& path) {
  if (!fs::exists(path)) return 0;
  const std::string content = base::ReadFile(path);
  return static_cast<int>(std::count(content.begin(), content.end(), '\n'));
}

// DEEPMAD_KILLS=25: so many of each.
TEST_F(DetectionTest, KilledItEndsAsIfNothingHadHappened) {
  std::mt19937 random(std::random_device{}());
  for (const std::string& head : kHeads) {
    const std::string whole = folder_.File("whole-" + head);
    ASSERT_EQ(run_.Train(whole, {HeadOverride(head)}).exit_code, 0);
    for (int kill = 0; kill < Effort("DEEPMAD_KILLS", 1); ++kill) {
      const std::string out = folder_.File(head + "-killed" + std::to_string(kill));
      const int line = 1 + static_cast<int>(random() % 8);  // six updates and two validations
      SCOPED_TRACE(head + " killed after line " + std::to_string(line) + " of the log");
      Program program(run_.Words(out, {HeadOverride(head)}));
      while (program.Running() && Lines(out + "/log.jsonl") < line) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      program.Signal(SIGKILL);
      program.Wait();  // it may have ended by itself after the last line
      const Outcome resumed = run_.Train(out, {HeadOverride(head)});
      ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
      ExpectSameRun(whole, out);
      ExpectNothingHalfWritten(out);
    }
  }
}

TEST_F(DetectionTest, FineTunesAClassifiersBackboneWithWhatIsFrozen) {
  const std::string backbone = folder_.File("classifier");
  ASSERT_EQ(
      run_.Train(backbone, {"task={name: classification}", "network.head={classes: 3}",
                            "data={name: synthetic, classes: 3, samples: 8, validation_samples: 2, image_size: 64, height: 64, width: 64}"})
          .exit_code,
      0);
  Trained(out_, {"--weights", backbone + "/last.safetensors", "--head", "drop", "train.freeze={batch_norm: statistics, stages: 2}"});
  const TensorFile from = ReadTensorFile(backbone + "/last.safetensors"), to = ReadTensorFile(out_ + "/last.safetensors");
  int still = 0, moved = 0;
  for (const auto& [name, tensor] : to.tensors) {
    if (!from.tensors.contains(name)) continue;
    const bool frozen = name.find("running_") != std::string::npos || name.ends_with("tracked") || name.starts_with("block_list.0.") ||
                        name.starts_with("block_list.1.");
    EXPECT_EQ(tensor == from.tensors.at(name), frozen) << name;
    ++(frozen ? still : moved);
  }
  EXPECT_GT(still, 20);
  EXPECT_GT(moved, 10);
}

TEST_F(DetectionTest, WhatDoesNotFitIsNamed) {
  ExpectOneLine(run_.Train(out_, {"network.head={classes: 3}"}), 2, {"task detection cannot train network 'small-detector'"});
  ExpectOneLine(run_.Train(out_, {"network.head.classes=80"}), 2, {"has 80 classes, the data 3", "set head.classes to 3"});
  ExpectOneLine(run_.Train(out_, {"network.head.channels=40"}), 2, {"head fcos with 40 channels", "a multiple of 32"});
  ExpectOneLine(run_.Train(out_, {"train.freeze.stages=9"}), 2, {"9 stages to freeze", "has 5"});
  ExpectOneLine(run_.Train(out_, {"train.freeze.batch_norm=statistic"}), 2, {"statistic", "statistics"});
  ASSERT_EQ(run_.Train(out_).exit_code, 0);
  ExpectOneLine(Deepmad({"validate", out_, "--quiet", "--results", folder_.File("boxes")}), 2, {"detections are one file", ".json"});
  ExpectOneLine(Deepmad({"export", out_, "--quiet", "--detections", "--safetensors", folder_.File("a.safetensors")}), 2,
                {"--detections without --onnx"});
}

TEST_F(DetectionTest, IsExportedWithAndWithoutItsDetections) {
  ASSERT_EQ(run_.Train(out_).exit_code, 0);
  const std::string maps = folder_.File("maps.onnx"), boxes = folder_.File("boxes.onnx");
  Ran({"export", out_, "--quiet", "--json", "--onnx", maps});
  Ran({"export", out_, "--quiet", "--json", "--onnx", boxes, "--detections"});
  EXPECT_NE(base::ReadFile(maps).find("distances_128"), std::string::npos);
  EXPECT_NE(base::ReadFile(boxes).find("NonMaxSuppression"), std::string::npos);
  EXPECT_NE(base::ReadFile(folder_.File("boxes.md")).find("boxes, scores, labels"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::cli
