// configs/run/kinetics_*.yaml and ucf101_*.yaml: each is complete for the classes of the data.
//
// The suite plans four of them, DEEPMAD_VIDEO_RUNS=100 all.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/config_runs.h"
#include "tests/cli/program.h"
#include "tests/data/miniatures.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

class VideoConfigTest : public testing::Test {
 protected:
  // Two videos in each split, as folders of frames, and UCF101's miniature.
  void SetUp() override {
    for (const std::string split : {"train", "val"}) {
      for (const std::string video : {"run/a", "sit/b"}) {
        for (const char* frame : {"1", "2", "3"}) {
          data_.Write(split + "/" + video + "/img_0000" + frame + ".jpg", data::EncodeJpeg(data::SmoothPicture(20, 30, 3)));
        }
      }
      data_.Write(split + "_list_videos.txt", "run/a 0\nsit/b 1\n");
    }
    data::MakeUcf101Miniature(data_);
  }

  // One of each kind first.
  static std::vector<std::string> Configs() {
    const auto of_videos = [](const std::string& name) {
      return (name.starts_with("kinetics_") && !name.ends_with("_mini")) || name.starts_with("ucf101_");
    };
    return ConfigRuns(of_videos, {"kinetics_tsn_r18_1x1x3", "kinetics_e3d_s", "kinetics_slow_e3d_m", "ucf101_tsn_r18_1x1x3"});
  }

  TemporaryFolder data_;
};

TEST_F(VideoConfigTest, EachIsPlannedForTheClassesOfTheData) {
  for (const std::string& name : SampleOf(Configs(), "DEEPMAD_VIDEO_RUNS", 4)) {
    SCOPED_TRACE(name);
    const Outcome outcome = Deepmad(ConfigRunWords(name, data_.path(), {"--dry-run", "train.batch_size=2"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = Json::parse(outcome.out);
    EXPECT_EQ(plan.at("classes"), 2);
    EXPECT_EQ(plan.at("train_images"), 2);
  }
}

}  // namespace
}  // namespace deepmad::cli
