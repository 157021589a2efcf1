// configs/run/imagenet_*.yaml: each is complete, and starts and trains on pictures of ten classes.
//
// The suite plans all and trains three, DEEPMAD_IMAGENET_RUNS=100 all of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/cli/config_runs.h"
#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Those with a published number, cheap ones of different recipes first.
std::vector<std::string> Configs() {
  return ConfigRuns([](const std::string& name) { return name.starts_with("imagenet_") && !name.starts_with("imagenet_mini"); },
                    {"imagenet_r18", "imagenet_resnet18", "imagenet_r18_designed"});
}

class ImagenetConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("DEEPMAD_TEST_DATA");
    if (data == nullptr) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
    // 26 pictures of each class: repeated augmentation needs 256.
    const fs::path mini = fs::path(data) / "imagenet-mini";
    for (const auto& [split, count] : {std::pair{"train", 26}, std::pair{"val", 2}}) {
      for (const auto& folder : fs::directory_iterator(mini / split)) {
        const fs::path links = fs::path(data_.path()) / split / folder.path().filename();
        fs::create_directories(links);
        int linked = 0;
        for (const auto& file : fs::directory_iterator(folder)) {
          if (linked++ < count) fs::create_symlink(file.path(), links / file.path().filename());
        }
      }
    }
  }

  std::vector<std::string> Words(const std::string& name, const std::vector<std::string>& more) const {
    return ConfigRunWords(name, data_.path(), more);
  }

  TemporaryFolder data_;
};

TEST_F(ImagenetConfigTest, EachIsPlannedForTheClassesOfTheData) {
  const std::vector<std::string> names = Configs();
  EXPECT_EQ(names.size(), 19U);  // seven rows, as published and designed anew, and ResNet-18, 34 and 50 with three recipes
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const Outcome outcome = Deepmad(Words(name, {"--dry-run", "train.batch_size=64", "train.epochs=30"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = Json::parse(outcome.out);
    EXPECT_EQ(plan.at("classes"), 10);
    EXPECT_EQ(plan.at("train_images"), 260);
    EXPECT_EQ(plan.at("updates"), 4 * 30);
  }
}

TEST_F(ImagenetConfigTest, EachStartsAndTrains) {
  for (const std::string& name : SampleOf(Configs(), "DEEPMAD_IMAGENET_RUNS", 3)) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const Outcome outcome = Deepmad(Words(name, {"--out", folder.File("run"), "data.image_size=32", "data.workers=1", "train.batch_size=64",
                                                 "train.epochs=1", "train.schedule.warmup_epochs=0.5", "train.log_every_steps=1"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json summary = Json::parse(outcome.out);
    EXPECT_EQ(summary.at("samples"), 256);
    EXPECT_TRUE(summary.at("metrics").contains("top1"));
    const Outcome scored = Deepmad({"validate", folder.File("run"), "--quiet", "--json", "--device", "cpu"});
    ASSERT_EQ(scored.exit_code, 0) << scored.err;
    EXPECT_EQ(Json::parse(scored.out).at("metrics"), summary.at("metrics"));
    const Outcome listed = Deepmad({"reproduce", folder.path(), "--json"});
    ASSERT_EQ(listed.exit_code, 0) << listed.err;
    const Json document = Json::parse(listed.out);
    for (const Json& row : document.at("rows")) {
      const bool own = "run/" + name + ".yaml" == row.at("config");
      EXPECT_EQ(row.at("runs").size(), own ? 1U : 0U) << row.at("config");
      if (own) {
        EXPECT_EQ(row.at("runs")[0].at("metrics"), summary.at("metrics"));
      }
    }
  }
}

// In bfloat16, with averaged weights, from the budget on.
TEST_F(ImagenetConfigTest, BlocksBeyondThePaperAreDesignedAndTrained) {
  for (const std::string name : {"imagenet_mini_convnext", "imagenet_mini_vit"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const Outcome outcome = Deepmad(Words(name, {"--out", folder.File("run"), "train.epochs=1", "train.schedule.warmup_epochs=0.5"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json summary = Json::parse(outcome.out);
    EXPECT_EQ(summary.at("samples"), 256);
    const Outcome scored = Deepmad({"validate", folder.File("run"), "--quiet", "--json", "--device", "cpu"});
    ASSERT_EQ(scored.exit_code, 0) << scored.err;
    EXPECT_EQ(Json::parse(scored.out).at("metrics").at("top1"), summary.at("metrics").at("top1"));
  }
}

}  // namespace
}  // namespace deepmad::cli
