// `deepmad tune` in processes of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kTuning[] = R"(version: 1
name: tiny
problem:
  version: 1
  name: tiny
  input: {channels: 3, height: 16, width: 16}
  stages:
    - {type: basic, stride: 1, kernel: 3, depth: [1, 2], out_channels: [8, 32], bottleneck_channels: [8, 32]}
    - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 64], bottleneck_channels: [8, 64]}
  budgets: {flops: 4.0e+5, params: 2.0e+4, effectiveness: 1}
  head: {classes: 4}
candidates:
  effectiveness: [0.2, 0.3]
  hand_made: [resnet, mobilenet_v2]
  learning_rate: {values: [0.02, 0.2]}
tune: {cost: 4, finalists: 2, seeds: 2}
recipe:
  task: {name: classification}
  data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 160, validation_samples: 40, workers: 1, holdout: {per_class: 20}}
  train: {epochs: 16, batch_size: 16, deterministic: true, ema: {decay: 0.9}}
  validate: {batch_size: 40, every_epochs: 16}
)";

class TuneCommandTest : public testing::Test {
 protected:
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"tune", file_, "--out", out, "--quiet", "--json", "--device", "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json Ran(const std::vector<std::string>& words) const {
    const Outcome outcome = Deepmad(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
  }
  static void ExpectSameTuning(const std::string& a, const std::string& b) {
    EXPECT_EQ(base::ReadFile(a + "/leaderboard.json"), base::ReadFile(b + "/leaderboard.json"));
    ExpectSameRun(a + "/best", b + "/best");
  }

  const TemporaryFolder folder_;
  const std::string file_ = folder_.Write("tune.yaml", kTuning);
  const std::string out_ = folder_.File("tuning");
};

TEST_F(TuneCommandTest, ChoosesByTrainingAndTrainsThePickInFull) {
  const Json dry = Ran(Words(out_, {"--dry-run"}));
  EXPECT_FALSE(fs::exists(out_));
  const Json board = Ran(Words(out_));
  EXPECT_EQ(Json::parse(base::ReadFile(out_ + "/leaderboard.json")), board);
  EXPECT_EQ(dry.at("cost"), board.at("cost"));
  EXPECT_LE(board.at("cost").get<double>(), 4);
  ASSERT_EQ(board.at("candidates").size(), dry.at("candidates").size());
  std::vector<std::string> kinds;
  for (const Json& row : board.at("candidates")) {
    kinds.push_back(row.at("kind"));
    EXPECT_TRUE(fs::exists(out_ + "/candidates/" + row.at("name").get<std::string>() + "/network.yaml"));
    for (const Json& rung : row.at("rungs")) {
      const std::string trial = out_ + "/trials/rung-" + std::to_string(rung.at("rung").get<int>()) + "/" +
                                row.at("name").get<std::string>() + "/lr=" + rung.at("learning_rate").get<std::string>();
      for (size_t seed = 0; seed < rung.at("scores").size(); ++seed) {
        const Json summary = Json::parse(base::ReadFile(trial + "/seed=" + std::to_string(seed) + "/summary.json"));
        EXPECT_EQ(summary.at("metrics").at("top1"), rung.at("scores")[seed]);
      }
    }
  }
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "design"), kinds.end());
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "hand_made"), kinds.end());

  // The pick sees all samples and is scored on the data set's own validation part.
  const Json summary = Json::parse(base::ReadFile(out_ + "/best/summary.json"));
  EXPECT_EQ(summary.at("metrics"), board.at("best").at("metrics"));
  EXPECT_EQ(summary.at("network"), board.at("pick"));
  EXPECT_EQ(summary.at("samples"), 160 * 16);
  EXPECT_EQ(Json::parse(base::ReadFile(out_ + "/best/report.json")).at("network"), "network.yaml");
  EXPECT_NE(base::ReadFile(out_ + "/report.html").find(board.at("pick").get<std::string>()), std::string::npos);

  // A trial is a run like any other: its configuration gives it again.
  const Json& first = board.at("candidates")[0];
  const std::string trial = out_ + "/trials/rung-0/" + first.at("name").get<std::string>() +
                            "/lr=" + first.at("rungs")[0].at("learning_rate").get<std::string>() + "/seed=0";
  const std::string again = folder_.File("again");
  const Outcome trained =
      Deepmad({"train", trial + "/config.yaml", "--out", again, "--quiet", "--json", "--device", "cpu", "--threads", "1"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(base::ReadFile(again + "/last.safetensors"), base::ReadFile(trial + "/last.safetensors"));
}

TEST_F(TuneCommandTest, TwoJobsGiveWhatOneGives) {
  Ran(Words(out_));
  const std::string shared = folder_.File("shared");
  const Outcome outcome = Deepmad(Words(shared, {"--jobs", "2"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err.find("ended with exit code"), std::string::npos) << outcome.err;
  ExpectSameTuning(out_, shared);
}

TEST_F(TuneCommandTest, KilledAtAnyMomentItGivesTheSameLeaderboard) {
  const char* given = std::getenv("DEEPMAD_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  SCOPED_TRACE("DEEPMAD_TEST_SEED=" + std::to_string(seed));
  const auto begin = std::chrono::steady_clock::now();
  Ran(Words(out_));
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  const std::string broken = folder_.File("broken");
  std::mt19937 random(seed);
  for (int i = 0; i < 10; ++i) {
    Program program(Words(broken, {"--jobs", i % 2 == 0 ? "1" : "2"}));
    std::this_thread::sleep_for(whole * (random() % 1000) / 2500);
    program.Signal(SIGKILL);
    program.Wait();
    if (fs::exists(broken)) ExpectEveryFileWhole(broken);
  }
  Ran(Words(broken));
  ExpectSameTuning(out_, broken);
}

TEST_F(TuneCommandTest, StoppedItSavesAndGoesOn) {
  Program program(Words(out_, {"--jobs", "2"}));
  while (program.Running() && !fs::exists(out_ + "/trials.jsonl")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.Signal(SIGTERM);
  const Outcome stopped = program.Wait();
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_NE(stopped.err.find("start again to go on"), std::string::npos) << stopped.err;
  EXPECT_FALSE(fs::exists(out_ + "/leaderboard.json"));
  Ran(Words(out_));
  EXPECT_TRUE(fs::exists(out_ + "/best/summary.json"));
}

TEST_F(TuneCommandTest, ATrainingThatDivergesIsAnOutcome) {
  const Json board =
      Ran(Words(out_, {"candidates.learning_rate={key: train.optimizer.lr, values: [1000, 0.02]}", "candidates.hand_made=[resnet]"}));
  for (const Json& row : board.at("candidates")) EXPECT_EQ(row.at("rungs").back().at("learning_rate"), "0.02");
  const std::string records = base::ReadFile(out_ + "/trials.jsonl");
  EXPECT_NE(records.find("\"status\":\"diverged\",\"score\":null"), std::string::npos) << records;
}

TEST_F(TuneCommandTest, WhatIsWrongIsNamed) {
  const auto refuse = [&](const std::vector<std::string>& overrides, int code, const std::vector<std::string>& words) {
    ExpectOneLine(Deepmad(Words(out_, overrides)), code, words);
  };
  refuse({"recipe.data.holdout=null"}, 2, {"recipe.data.holdout", "held out"});
  refuse({"tune.cost=1.1"}, 2, {"set tune.cost="});
  refuse({"metric=top9"}, 2, {"top9", "top1"});
  refuse({"candidate.hand_made=[]"}, 2, {"candidate", "candidates"});
  refuse({"recipe.train.epoch=3"}, 2, {"recipe.train.epoch", "epochs"});
  refuse({"problem.budgets.flops=10"}, 3, {"no candidate keeps the budgets"});
  ExpectOneLine(Deepmad({"tune", file_}), 2, {"no --out folder given"});
  Ran(Words(folder_.File("one"), {"candidates.hand_made=[resnet]", "candidates.learning_rate.values=[0.02]"}));
  ExpectOneLine(Deepmad(Words(folder_.File("one"))), 2, {"the folder holds another tuning"});
}

TEST(TuneConfigs, CanBePlanned) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(SourceFolder() + "/configs/tune")) {
    ++count;
    SCOPED_TRACE(entry.path().string());
    const Outcome outcome =
        Deepmad({"tune", entry.path().string(), "--dry-run", "--quiet", "--json",
                 "recipe.data={name: synthetic, image_size: 28, channels: 1, "
                 "classes: 10, height: 28, width: 28, samples: 60000, validation_samples: 40, holdout: {per_class: 500}}"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_GE(Json::parse(outcome.out).at("candidates").size(), 4U);
  }
  EXPECT_GE(count, 1U);
}

}  // namespace
}  // namespace deepmad::cli
