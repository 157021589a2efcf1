// configs/run/kinetics_*.yaml and ucf101_*.yaml: each is complete for the classes of the data.
//
// The suite plans four of them, DEEPMAD_VIDEO_RUNS=100 all.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/cli/small_run.h"
#include "tests/data/miniatures.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
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
    std::vector<std::string> names = {"kinetics_tsn_r18_1x1x3", "kinetics_e3d_s", "kinetics_slow_e3d_m", "ucf101_tsn_r18_1x1x3"};
    for (const auto& entry : fs::directory_iterator(SourceFolder() + "/configs/run")) {
      const std::string name = entry.path().stem().string();
      const bool of_videos = (name.starts_with("kinetics_") && !name.ends_with("_mini")) || name.starts_with("ucf101_");
      if (of_videos && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }
  std::vector<std::string> Words(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"run",
                                      SourceFolder() + "/configs/run/" + name + ".yaml",
                                      "--quiet",
                                      "--json",
                                      "--device",
                                      "cpu",
                                      "train.batch_size=2",
                                      "data.root=" + data_.path()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder data_;
};

TEST_F(VideoConfigTest, EachIsPlannedForTheClassesOfTheData) {
  std::vector<std::string> names = Configs();
  names.resize(std::min<size_t>(names.size(), static_cast<size_t>(Effort("DEEPMAD_VIDEO_RUNS", 4))));
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const Outcome outcome = Deepmad(Words(name, {"--dry-run"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = Json::parse(outcome.out);
    EXPECT_EQ(plan.at("classes"), 2);
    EXPECT_EQ(plan.at("train_images"), 2);
  }
}

}  // namespace
}  // namespace deepmad::cli
