// configs/run/coco_*.yaml: each is complete, and starts and trains on a few made pictures.
//
// The suite plans three of them and trains one, DEEPMAD_COCO_RUNS=100 all.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/config_runs.h"
#include "tests/cli/program.h"
#include "tests/data/miniatures.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

using Json = nlohmann::json;

class CocoConfigTest : public testing::Test {
 protected:
  void SetUp() override { data::MakeCocoMiniature(data_); }

  // Cheap ones of both heads first, and one whose structure names levels for another head.
  static std::vector<std::string> Configs() {
    return ConfigRuns([](const std::string& name) { return name.starts_with("coco_fcos_") || name.starts_with("coco_gflv2_"); },
                      {"coco_gflv2_r18", "coco_fcos_r18", "coco_gflv2_maedet_s_6x_scratch"});
  }
  static std::vector<std::string> Sample(int count) { return SampleOf(Configs(), "DEEPMAD_COCO_RUNS", count); }
  std::vector<std::string> Words(const std::string& name, const std::vector<std::string>& more) const {
    return ConfigRunWords(name, data_.path(), more);
  }

  TemporaryFolder data_;
};

TEST_F(CocoConfigTest, EachIsPlanned) {
  EXPECT_EQ(Configs().size(), 16U);
  for (const std::string& name : Sample(3)) {
    SCOPED_TRACE(name);
    const Outcome outcome = Deepmad(Words(name, {"--dry-run"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = Json::parse(outcome.out);
    EXPECT_EQ(plan.at("classes"), 3) << "those of the data";
    EXPECT_EQ(plan.at("train_images"), 9);
    const int epochs = name.ends_with("_6x_scratch") ? 73 : name.ends_with("_2x_ms") ? 24 : 12;
    EXPECT_EQ(plan.at("updates"), 2 * epochs) << "a batch of pictures that stand, one of those that lie";
    EXPECT_NEAR(plan.at("peak_lr").get<double>(), epochs == 73 ? 0.02 : 0.01, 1e-9);
    EXPECT_NE(plan.at("protocol").get<std::string>().find("short edge 800, long edge at most 1333 px"), std::string::npos);
  }
}

TEST_F(CocoConfigTest, EachStartsAndTrains) {
  for (const std::string& name : Sample(1)) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    // Trained weights are absent: nothing is frozen, and without residual branches at first the deepest networks start as if they were
    // there.
    const Outcome outcome =
        Deepmad(Words(name, {"--out", folder.File("run"), "data.workers=1", "data.train.short_edge=[64, 64]", "data.validate.short_edge=64",
                             "train.batch_size=2", "train.epochs=1", "train.schedule={name: constant}", "train.init.zero_last_norm=true"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json summary = Json::parse(outcome.out);
    EXPECT_EQ(summary.at("samples"), 10);
    EXPECT_EQ(summary.at("metrics").size(), 12U);
  }
}

}  // namespace
}  // namespace deepmad::cli
