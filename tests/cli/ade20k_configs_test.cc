// configs/run/ade20k_upernet_*.yaml: each is complete, and starts and trains on a few made pictures.
//
// The suite plans two of them and trains one, DEEPMAD_ADE20K_RUNS=100 all.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/config_runs.h"
#include "tests/cli/program.h"
#include "tests/data/miniatures.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

class Ade20kConfigTest : public testing::Test {
 protected:
  void SetUp() override { data::MakeAde20kMiniature(data_); }

  // Cheap ones of different recipes first.
  static std::vector<std::string> Configs() {
    return ConfigRuns([](const std::string& name) { return name.starts_with("ade20k_upernet_"); },
                      {"ade20k_upernet_r18", "ade20k_upernet_29m_adamw"});
  }
  static std::vector<std::string> Sample(int count) { return SampleOf(Configs(), "DEEPMAD_ADE20K_RUNS", count); }
  std::vector<std::string> Words(const std::string& name, const std::vector<std::string>& more) const {
    return ConfigRunWords(name, data_.path(), more);
  }

  TemporaryFolder data_;
};

TEST_F(Ade20kConfigTest, EachIsPlanned) {
  EXPECT_EQ(Configs().size(), 10U);  // seven backbones, two of them with twice the updates, and one with AdamW
  for (const std::string& name : Sample(2)) {
    SCOPED_TRACE(name);
    const Outcome outcome = Deepmad(Words(name, {"--dry-run"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = Json::parse(outcome.out);
    EXPECT_EQ(plan.at("classes"), 150);
    EXPECT_EQ(plan.at("train_images"), 5);
    const bool longer = name.ends_with("_160k") || name.ends_with("_adamw");
    EXPECT_EQ(plan.at("updates"), longer ? 160000 : 80000);
    EXPECT_EQ(plan.at("samples"), (longer ? 160000 : 80000) * 16);
  }
}

TEST_F(Ade20kConfigTest, EachStartsAndTrains) {
  for (const std::string& name : Sample(1)) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    // Trained weights are absent: without residual branches at first, the deepest networks start as if they were there.
    const Outcome outcome =
        Deepmad(Words(name, {"--out", folder.File("run"), "data.image_size=64", "data.workers=1", "data.train.scale=[256, 64]",
                             "data.validate.scale=[128, 64]", "train.batch_size=2", "train.steps=2", "train.init.zero_last_norm=true"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json summary = Json::parse(outcome.out);
    EXPECT_EQ(summary.at("samples"), 4);
    EXPECT_EQ(summary.at("metrics").size(), 3U);
  }
}

}  // namespace
}  // namespace deepmad::cli
