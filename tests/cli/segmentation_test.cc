// Segmentation from the command line: training in steps, resume, several processes, predictions, overlays.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "data/image/label_map.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/scene_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class SegmentationTest : public testing::Test {
 protected:
  std::vector<std::string> Command(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {name, out_, "--quiet", "--json", "--device", "cpu", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json Ran(const std::vector<std::string>& words) const {
    const Outcome outcome = Deepmad(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
  }
  Json Trained(const std::vector<std::string>& overrides = {}) const { return Ran(run_.Words(out_, overrides)); }

  const SceneRun run_;
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

TEST_F(SegmentationTest, PredictedMapsScoreAsTheValidationSays) {
  const Json summary = Trained({"train.steps=60", "validate.every_steps=30"});
  EXPECT_EQ(summary.at("samples"), 240);
  EXPECT_EQ(summary.at("epochs"), 2);
  EXPECT_EQ(summary.at("protocol"), "whole pictures within 90 x 64 px, bilinear, float32, 3 images");
  EXPECT_GT(summary.at("metrics").at("aAcc").get<double>(), 1.0 / 7);

  const std::string maps = folder_.File("maps");
  const Json validated = Ran(Command("validate", {"--predictions", maps}));
  const Json scored = Ran({"evaluate", "ade20k", "--labels", run_.DataFile("annotations/validation"), "--predictions", maps, "--json"});
  for (const char* name : {"mIoU", "mAcc", "aAcc"}) {
    EXPECT_EQ(validated.at("metrics").at(name), summary.at("metrics").at(name)) << name;
    EXPECT_EQ(scored.at(name), summary.at("metrics").at(name)) << name;
  }
  EXPECT_EQ(scored.at("classes"), validated.at("classes"));
  EXPECT_EQ(summary.at("classes"), validated.at("classes"));
  const data::Image map = data::ReadLabelMap(maps + "/0.png", data::LabelNumbering::kFromOne);
  EXPECT_EQ(map.height, 21);
  EXPECT_EQ(map.width, 30);
  EXPECT_NE(base::ReadFile(out_ + "/report.html").find("<h2>Classes</h2>"), std::string::npos);
}

TEST_F(SegmentationTest, ScoresByWindowsAndOverScalesAsWell) {
  const Json summary = Trained();
  // Larger pictures than a window: of 64 px, 42 apart.
  const Json slide = Ran(Command("validate", {"validate.inference=slide", "data.validate.scale=[200, 130]"}));
  EXPECT_EQ(slide.at("protocol"), "windows of 64 px every 42 px within 200 x 130 px, bilinear, float32, 3 images");
  const Json scales = Ran(Command("validate", {"validate.scales_and_flip=true", "--predictions", folder_.File("maps")}));
  EXPECT_EQ(scales.at("protocol"), "whole pictures within 90 x 64 px, bilinear, _ms over 6 scales and mirrored, float32, 3 images");
  for (const char* name : {"mIoU", "mAcc", "aAcc"}) {
    EXPECT_EQ(scales.at("metrics").at(name), summary.at("metrics").at(name)) << name << ": the single scale is that of a plain validation";
    EXPECT_TRUE(scales.at("metrics").contains(std::string(name) + "_ms"));
  }
  const Json scored =
      Ran({"evaluate", "ade20k", "--labels", run_.DataFile("annotations/validation"), "--predictions", folder_.File("maps"), "--json"});
  EXPECT_EQ(scored.at("mIoU"), scales.at("metrics").at("mIoU_ms"));
}

TEST_F(SegmentationTest, TwoProcessesMakeTheWeightsAndTheScoreOfOne) {
  const std::vector<std::string> exact = {"train.precision=float64"};
  const Json one = Trained(exact);
  const std::string two = folder_.File("two");
  const Json both = Ran(run_.Words(two, {exact[0], "--nproc", "2"}));
  EXPECT_LT(LargestDifference(out_ + "/last.safetensors", two + "/last.safetensors"), 1e-6);
  EXPECT_EQ(both.at("metrics"), one.at("metrics")) << "three pictures, two for one of them";
  EXPECT_EQ(both.at("classes"), one.at("classes"));
}

int Lines(const std::string& path) {
  if (!fs::exists(path)) return 0;
  const std::string content = base::ReadFile(path);
  return static_cast<int>(std::count(content.begin(), content.end(), '\n'));
}

// DEEPMAD_KILLS=25: so many of each.
TEST_F(SegmentationTest, KilledItEndsAsIfNothingHadHappened) {
  const std::string whole = folder_.File("whole");
  ASSERT_EQ(run_.Train(whole).exit_code, 0);
  std::mt19937 random(std::random_device{}());
  for (int kill = 0; kill < Effort("DEEPMAD_KILLS", 2); ++kill) {
    const std::string out = folder_.File("killed" + std::to_string(kill));
    const int line = 1 + static_cast<int>(random() % 8);  // six updates and two validations
    SCOPED_TRACE("killed after line " + std::to_string(line) + " of the log");
    Program program(run_.Words(out));
    while (program.Running() && Lines(out + "/log.jsonl") < line) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.Signal(SIGKILL);
    program.Wait();  // it may have ended by itself after the last line
    const Outcome resumed = run_.Train(out);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ExpectSameRun(whole, out);
    ExpectNothingHalfWritten(out);
  }
}

TEST_F(SegmentationTest, DrawsWhatItSeesInPicturesOfAnySize) {
  Trained();
  data::WriteImage(folder_.File("tiny.png"), data::Image(3, 90, 1));
  const std::string drawn = folder_.File("drawn");
  const Json found = Ran(Command("predict", {folder_.File("tiny.png"), run_.DataFile("images/training/0.jpg"), "--out", drawn}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at("overlay"), drawn + "/tiny.png");
  double shares = 0;
  for (const Json& one : found[1].at("classes")) shares += one.at("share").get<double>();
  EXPECT_NEAR(shares, 1, 1e-12);
  const data::Image overlay = data::ReadImage(drawn + "/0.png");
  EXPECT_GT(overlay.width, 30) << "the picture and the legend";
  EXPECT_GE(overlay.height, 21);

  ExpectOneLine(Deepmad(Command("predict", {folder_.File("tiny.png")})), 2, {"no --out folder given"});
  ExpectOneLine(Deepmad(Command("predict", {folder_.File("tiny.png"), "--out", drawn, "data={image_size: 64}"})), 2,
                {"set data.input to scenes"});
  ExpectOneLine(Deepmad(Command("predict", {folder_.File("tiny.png"), folder_.File("tiny.png"), "--out", drawn})), 2,
                {"two files of one name"});
}

TEST_F(SegmentationTest, StartsFromAClassifiersBackbone) {
  const std::string backbone = folder_.File("classifier");
  const Outcome trained =
      run_.Train(backbone, {"task={name: classification}", "network.head={classes: 3}",
                            "data={name: synthetic, classes: 3, samples: 8, validation_samples: 2, image_size: 64, height: 64, width: 64}",
                            "validate.every_steps=6"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const Json summary = Trained({"--weights", backbone + "/last.safetensors", "--head", "drop", "train.optimizer.lr=0"});
  EXPECT_EQ(summary.at("samples"), 24);
  const TensorFile from = ReadTensorFile(backbone + "/last.safetensors"), to = ReadTensorFile(out_ + "/last.safetensors");
  int same = 0;
  for (const auto& [name, tensor] : to.tensors) {
    if (!from.tensors.contains(name) || tensor.dtype != "F32" || name.find("running") != std::string::npos) continue;
    EXPECT_TRUE(tensor == from.tensors.at(name)) << name;
    ++same;
  }
  EXPECT_GT(same, 20);
}

TEST_F(SegmentationTest, WhatDoesNotFitIsNamed) {
  ExpectOneLine(run_.Train(out_, {"network.head={classes: 7}"}), 2, {"task segmentation cannot train network 'small-upernet'"});
  ExpectOneLine(run_.Train(out_, {"validate.inference=sliding"}), 2, {"sliding", "slide"});
  ExpectOneLine(run_.Train(out_, {"data.train.repeats=2"}), 2, {"repeats"});
  const SmallRun classifier;
  const std::string folder = folder_.File("classifier");
  ASSERT_EQ(classifier.Train(folder, {"train.epochs=1"}).exit_code, 0);
  ExpectOneLine(Deepmad({"validate", folder, "--quiet", "--predictions", folder_.File("maps")}), 2, {"this task writes no predictions"});
  ExpectOneLine(Deepmad({"predict", folder, run_.DataFile("images/training/0.jpg"), "--quiet", "--out", folder_.File("drawn")}), 2,
                {"--out with a network that draws nothing"});
  ExpectOneLine(Deepmad({"predict", folder, run_.DataFile("images/training/0.jpg"), "--quiet", "--least-score", "0.5"}), 2,
                {"--least-score with a network that finds no boxes"});
}

}  // namespace
}  // namespace deepmad::cli
