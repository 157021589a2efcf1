#include "train/predict/predict_images.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/stop_signal.h"
#include "data/image/image_io.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/safetensors.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

mad::NetworkSpec PictureNetwork() {
  return mad::NetworkFromConfig(base::Config::FromText(R"(
version: 1
name: tiny
input: {channels: 3, height: 24, width: 24}
blocks:
  - {type: conv, kernel: 3, stride: 2, out_channels: 8}
  - {type: bottleneck, depth: 2, kernel: 3, stride: 2, bottleneck_channels: 8, out_channels: 16}
head: {type: classifier, classes: 6}
)"));
}

class PredictTest : public testing::Test {
 protected:
  void SetUp() override {
    base::SetLogLevel(base::LogLevel::kQuiet);
    const auto network = models::BuildNetwork(PictureNetwork());
    models::Initialize(*network, {}, 5);
    models::WriteSafetensors(weights_.file, network->StateDict(), {{"classes", R"(["ant", "bee", "cat", "dog", "eel"])"}});
    options_.device = "cpu";
    options_.threads = 1;
  }
  void TearDown() override {
    base::ClearStopRequest();
    base::SetLogLevel(base::LogLevel::kNormal);
  }

  // Pictures of different sizes, colour and grey, JPEG and PNG.
  std::vector<std::string> WritePictures(int count) {
    std::vector<std::string> files;
    base::Random random(1, base::RandomPurpose::kSynthetic);
    for (int i = 0; i < count; ++i) {
      data::Image image(20 + 3 * i % 17, 30 + 5 * i % 23, i % 3 == 0 ? 1 : 3);
      for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.UniformInt(0, 255));
      files.push_back(folder_.File(std::to_string(i) + (i % 2 == 0 ? ".png" : ".jpg")));
      data::WriteImage(files.back(), image);
    }
    return files;
  }
  std::vector<Prediction> Run(const std::vector<std::string>& files, int64_t batch_size, const std::string& config = "{}") {
    return Predict(base::Config::FromText(config), PictureNetwork(), weights_, files, batch_size, options_);
  }
  base::Error ErrorOf(const mad::NetworkSpec& spec, const std::vector<std::string>& files) {
    try {
      Predict(base::Config::FromText("{}"), spec, weights_, files, 4, options_);
    } catch (const base::Error& error) {
      return error;
    }
    throw std::logic_error("no error");
  }

  const TemporaryFolder folder_;
  models::WeightsPlace weights_{folder_.File("weights.safetensors")};
  RunOptions options_;
};

TEST_F(PredictTest, AnOverrideOfOneKeyDoesNotAskForTheOthers) {
  const std::vector<std::string> files = WritePictures(2);
  const auto best = [&](const std::string& config) { return Run(files, 4, config).front().top.front().probability; };
  EXPECT_EQ(best("data: {validate: {crop_pct: 0.875}}"), best("{}"));
  EXPECT_NE(best("data: {validate: {crop_pct: 0.5}}"), best("{}"));
  EXPECT_EQ(best("data: {image_size: 24}"), best("{}"));
}

TEST_F(PredictTest, GivesTheFiveLikeliestClassesOfEachFileByName) {
  const std::vector<std::string> files = WritePictures(3);
  const std::vector<Prediction> found = Run(files, 32);
  ASSERT_EQ(found.size(), 3U);
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(found[i].file, files[i]);
    ASSERT_EQ(found[i].top.size(), 5U);
    double sum = 0;
    for (size_t k = 0; k < 5; ++k) {
      const ClassScore& score = found[i].top[k];
      const char* const names[] = {"ant", "bee", "cat", "dog", "eel", "class 5"};
      EXPECT_EQ(score.name, names[score.class_index]);
      if (k > 0) {
        EXPECT_LE(score.probability, found[i].top[k - 1].probability);
      }
      sum += score.probability;
    }
    EXPECT_GT(sum, 5.0 / 6);
    EXPECT_LT(sum, 1);
  }
}

TEST_F(PredictTest, GivesTheSameForAnyBatchSizeAndNumberOfThreads) {
  const std::vector<std::string> files = WritePictures(23);
  const std::vector<Prediction> expected = Run(files, 1, "{data: {image_size: 24, workers: 0}}");
  for (const int threads : {1, 2, 3}) {
    options_.threads = threads;
    for (const int64_t batch_size : {1, 4, 23, 1000}) {
      SCOPED_TRACE(std::to_string(threads) + " threads, batches of " + std::to_string(batch_size));
      const std::vector<Prediction> found =
          Run(files, batch_size, "{data: {image_size: 24, workers: " + std::to_string(threads) + ", queue_batches: 2}}");
      ASSERT_EQ(found.size(), files.size());
      for (size_t i = 0; i < files.size(); ++i) {
        EXPECT_EQ(found[i].file, files[i]);
        for (size_t k = 0; k < 5; ++k) {
          EXPECT_EQ(found[i].top[k].class_index, expected[i].top[k].class_index);
          EXPECT_NEAR(found[i].top[k].probability, expected[i].top[k].probability, 1e-6);
        }
      }
    }
  }
  at::set_num_threads(1);
}

TEST_F(PredictTest, StaysCloseInBfloat16) {
  const std::vector<std::string> files = WritePictures(4);
  const auto single = Run(files, 4), half = Run(files, 4, "{train: {precision: bfloat16}}");
  for (size_t i = 0; i < files.size(); ++i) {
    std::map<int, double> of_class;
    for (const ClassScore& score : single[i].top) of_class[score.class_index] = score.probability;
    for (const ClassScore& score : half[i].top) {
      if (of_class.contains(score.class_index)) {
        EXPECT_NEAR(score.probability, of_class[score.class_index], 0.03);
      }
    }
  }
}

TEST_F(PredictTest, GoesOnAfterAFileThatCannotBeRead) {
  std::vector<std::string> files = WritePictures(9);
  const std::vector<Prediction> whole = Run(files, 4);
  files.insert(files.begin() + 4, folder_.Write("broken.jpg", "\xff\xd8\xff\xe0 no more"));
  files.push_back(folder_.File("absent.png"));
  const std::vector<Prediction> found = Run(files, 4);
  ASSERT_EQ(found.size(), 9U);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].file, whole[i].file);
    EXPECT_NEAR(found[i].top.front().probability, whole[i].top.front().probability, 1e-6);
  }
  const base::Error broken = ErrorOf(PictureNetwork(), {files[4]});
  EXPECT_EQ(broken.kind(), base::ErrorKind::kFailed) << "nothing could be predicted";
  EXPECT_NE(std::string(broken.what()).find("broken.jpg"), std::string::npos) << broken.what();
}

TEST_F(PredictTest, NamesTheNetworkThatClassifiesNoPictures) {
  const std::vector<std::string> files = WritePictures(1);
  mad::NetworkSpec features = PictureNetwork(), videos = PictureNetwork();
  features.head = {.type = "features", .classes = 0};
  videos.blocks = {{.type = "conv3d", .stride = 2, .out_channels = 8}};
  EXPECT_EQ(ErrorOf(features, files).kind(), base::ErrorKind::kUsage);
  EXPECT_EQ(ErrorOf(videos, files).kind(), base::ErrorKind::kUsage);
}

TEST_F(PredictTest, StopsBetweenBatches) {
  const std::vector<std::string> files = WritePictures(2);
  base::RequestStop();
  EXPECT_EQ(ErrorOf(PictureNetwork(), files).kind(), base::ErrorKind::kStopped);
}

}  // namespace
}  // namespace deepmad::train
