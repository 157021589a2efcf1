#include "train/predict/predict_boxes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "data/image/image_io.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/safetensors.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

mad::NetworkSpec Detector() {
  return mad::NetworkFromConfig(base::Config::FromText(R"(
version: 1
name: small-fcos
input: {channels: 3, height: 64, width: 96}
blocks:
  - {type: conv, kernel: 3, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 8, out_channels: 8}
  - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 8, out_channels: 8}
  - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 8, out_channels: 8}
  - {type: basic, depth: 1, kernel: 3, stride: 2, bottleneck_channels: 8, out_channels: 8}
head: {type: fcos, classes: 3, channels: 32}
)"));
}

constexpr char kConfig[] = "data: {input: boxes, workers: 0, validate: {short_edge: 64, long_edge: 96}}";

class PredictBoxesTest : public testing::Test {
 protected:
  void SetUp() override {
    base::SetLogLevel(base::LogLevel::kQuiet);
    const auto network = models::BuildNetwork(Detector());
    models::Initialize(*network, {}, 5);
    models::NamedTensors weights = network->StateDict();
    // Random weights take everything for background; these take everything for an object.
    for (const auto& [name, tensor] : weights) {
      if (name == "bbox_head.conv_cls.bias") tensor.detach().fill_(1);
    }
    models::WriteSafetensors(weights_.file, weights, {{"classes", R"(["ant", "bee"])"}});
    data::WriteImage(picture_, data::SmoothPicture(100, 150, 3));
    options_.device = "cpu";
    options_.threads = 1;
  }
  void TearDown() override {
    base::ClearStopRequest();
    base::SetLogLevel(base::LogLevel::kNormal);
  }
  std::vector<BoxPrediction> Run(const std::vector<std::string>& files, double least_score = 0.1,
                                 const std::string& config = kConfig) const {
    return PredictBoxes(base::Config::FromText(config), Detector(), weights_, files, folder_.File("drawn"), least_score, options_);
  }
  std::string Failure(const std::vector<std::string>& files, const std::string& config = kConfig) const {
    try {
      Run(files, 0.1, config);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  const TemporaryFolder folder_;
  models::WeightsPlace weights_{folder_.File("weights.safetensors")};
  std::string picture_ = folder_.File("one.jpg");
  RunOptions options_;
};

TEST_F(PredictBoxesTest, FindsObjectsInPixelsOfTheFileAndDrawsThem) {
  const std::string other = folder_.File("two.png");
  data::WriteImage(other, data::SmoothPicture(60, 40, 1));
  const std::vector<BoxPrediction> found = Run({picture_, other});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].file, picture_);
  EXPECT_EQ(found[0].drawing, folder_.File("drawn") + "/one.png");
  for (const BoxPrediction& one : found) {
    const data::Image original = data::ReadImage(one.file), drawing = data::ReadImage(one.drawing);
    EXPECT_EQ(std::tuple(drawing.height, drawing.width, drawing.channels), std::tuple(original.height, original.width, 3));
    ASSERT_FALSE(one.objects.empty());
    double last = 1;
    for (const FoundObject& object : one.objects) {
      EXPECT_LE(object.score, last);
      EXPECT_GE(object.score, 0.1);
      last = object.score;
      const auto [left, top, right, bottom] = object.box;
      EXPECT_TRUE(left >= 0 && left <= right && right <= original.width + 1e-3) << left << " to " << right;
      EXPECT_TRUE(top >= 0 && top <= bottom && bottom <= original.height + 1e-3) << top << " to " << bottom;
      EXPECT_EQ(object.name, object.class_index == 0 ? "ant" : object.class_index == 1 ? "bee" : "class 2");
    }
  }
  EXPECT_NE(data::ReadImage(found[0].drawing).pixels, data::ReadImage(picture_).pixels) << "something is drawn";
}

TEST_F(PredictBoxesTest, LeavesOutWhatIsBelowTheLeastScore) {
  const std::vector<FoundObject> all = Run({picture_}, 0)[0].objects;
  ASSERT_GT(all.size(), 2u);
  const double middle = all[all.size() / 2].score;
  const std::vector<FoundObject> some = Run({picture_}, middle)[0].objects;
  EXPECT_GT(some.size(), all.size() / 2);
  EXPECT_GE(some.back().score, middle);
  EXPECT_TRUE(Run({picture_}, 1)[0].objects.empty());
  EXPECT_EQ(data::ReadImage(folder_.File("drawn/one.png")).pixels, data::ReadImage(picture_).pixels) << "the picture as it is";
}

TEST_F(PredictBoxesTest, WhatCannotBePredictedIsNamed) {
  std::filesystem::create_directory(folder_.File("sub"));
  const std::string twin = folder_.File("sub/one.png");
  data::WriteImage(twin, data::SmoothPicture(20, 20, 3));
  data::ExpectContains(Failure({picture_, twin}), "two files of one name: " + twin);
  data::ExpectContains(Failure({folder_.Write("broken.jpg", "no picture")}), "broken.jpg");
  data::ExpectContains(Failure({picture_}, "data: {input: pictures, image_size: 32}"), "gives boxes, not a label for each picture");
  base::RequestStop();
  data::ExpectContains(Failure({picture_}), "stopped by a signal");
}

}  // namespace
}  // namespace deepmad::train
