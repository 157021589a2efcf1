// `deepmad study` in processes of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
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

constexpr char kStudy[] = R"(version: 1
name: tiny
seeds: [0, 4]
problem:
  version: 1
  name: tiny
  input: {channels: 3, height: 16, width: 16}
  stages:
    - {type: basic, stride: 1, kernel: 3, depth: [1, 2], out_channels: [8, 32], bottleneck_channels: [8, 32]}
    - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 64], bottleneck_channels: [8, 64]}
  budgets: {flops: 4.0e+5, params: 2.0e+4, effectiveness: 1}
  solver: {time_limit_seconds: 60}
  head: {classes: 4}
structures:
  - {name: designed}
  - {name: even, change: ["objective.depth_penalty=1000"]}
  - {name: resnet-like, from: resnet}
  - {name: random, from: random, count: 2, fill: 0.3}
recipe:
  task: {name: classification}
  data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 64, validation_samples: 40, workers: 1}
  train: {epochs: 2, batch_size: 16, deterministic: true}
  validate: {batch_size: 40}
)";

class StudyCommandTest : public testing::Test {
 protected:
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"study", file_, "--out", out, "--quiet", "--json", "--device", "cpu", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json Ran(const std::vector<std::string>& words) const {
    const Outcome outcome = Deepmad(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.exit_code == 0 ? Json::parse(outcome.out) : Json();
  }
  static auto TimeOf(const std::string& file) { return fs::last_write_time(file); }

  const TemporaryFolder folder_;
  const std::string file_ = folder_.Write("study.yaml", kStudy);
  const std::string out_ = folder_.File("study");
};

TEST_F(StudyCommandTest, TrainsEachStructureWithEachSeedAndWritesWhatCameOut) {
  const Json document = Ran(Words(out_));
  ASSERT_EQ(document.at("structures").size(), 5U);
  std::vector<std::string> names;
  for (const Json& one : document.at("structures")) {
    names.push_back(one.at("name"));
    ASSERT_EQ(one.at("scores").size(), 2U);
    const double a = one.at("scores")[0], b = one.at("scores")[1];
    EXPECT_DOUBLE_EQ(one.at("mean").get<double>(), (a + b) / 2);
    EXPECT_NEAR(one.at("spread").get<double>(), std::abs(a - b) / std::sqrt(2.0), 1e-12);
    const std::string run = out_ + "/runs/" + names.back() + "/seed-4";
    const Json summary = Json::parse(base::ReadFile(run + "/summary.json"));
    EXPECT_EQ(summary.at("metrics").at("top1"), one.at("scores")[1]);
    EXPECT_EQ(summary.at("network"), names.back());
    EXPECT_EQ(summary.at("seed"), 4);
    EXPECT_EQ(base::ReadFile(run + "/network.yaml"), base::ReadFile(out_ + "/structures/" + names.back() + "/network.yaml"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"designed", "even", "resnet-like", "random-00", "random-01"}));
  for (const Json& one : document.at("structures")) {
    EXPECT_LE(one.at("objective").get<double>(), document.at("structures")[0].at("objective").get<double>() + 1e-9)
        << "the problem's own optimum, within 1.05 times its cost";
    if (one.at("from") == "random") {
      EXPECT_TRUE(one.at("violations").empty());
    }
  }
  bool found = false;
  for (const Json& one : document.at("correlations")) {
    const Json& rank = one.at("spearman");
    EXPECT_LE(rank.at("low"), rank.at("high"));
    found = found || (one.at("predictor") == "objective" && one.at("over") == "all" && one.at("structures") == 5);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(Json::parse(base::ReadFile(out_ + "/study.json")), document);
  const std::string csv = base::ReadFile(out_ + "/study.csv"), table = base::ReadFile(out_ + "/study.md");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 6);
  EXPECT_NE(table.find("| resnet-like | resnet |"), std::string::npos) << table;
  EXPECT_EQ(base::ReadFile(out_ + "/study.png").substr(1, 3), "PNG");

  // A run of the study is a run like any other: its configuration gives it again.
  const std::string run = out_ + "/runs/random-01/seed-0", again = folder_.File("again");
  const Outcome trained =
      Deepmad({"train", run + "/config.yaml", "--out", again, "--quiet", "--json", "--device", "cpu", "--threads", "1"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(base::ReadFile(again + "/last.safetensors"), base::ReadFile(run + "/last.safetensors"));
}

TEST_F(StudyCommandTest, StoppedItGoesOnAndRepeatsNothing) {
  const std::string first = out_ + "/runs/designed/seed-0/summary.json";
  Program program(Words(out_));
  while (program.Running() && !fs::exists(first)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.Signal(SIGTERM);
  const Outcome stopped = program.Wait();
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_NE(stopped.err.find("start again to go on"), std::string::npos) << stopped.err;
  EXPECT_FALSE(fs::exists(out_ + "/study.json"));
  const auto before = TimeOf(first);
  const Json document = Ran(Words(out_));
  EXPECT_EQ(TimeOf(first), before);
  const std::string whole = folder_.File("whole");
  Json expected = Ran(Words(whole));
  for (size_t i = 0; i < expected.at("structures").size(); ++i) {
    EXPECT_EQ(document.at("structures")[i].at("scores"), expected.at("structures")[i].at("scores")) << i;
  }
  EXPECT_EQ(document.at("correlations"), expected.at("correlations"));
}

TEST_F(StudyCommandTest, AFailedRunIsCountedAndTheOthersStand) {
  // No loss is finite at such a rate.
  const Outcome outcome = Deepmad(Words(out_, {"recipe.train.optimizer={lr: 1e3, name: sgd}", "seeds=[0]", "recipe.train.epochs=6"}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("runs failed"), std::string::npos) << outcome.err;
  const Json document = Json::parse(base::ReadFile(out_ + "/study.json"));
  EXPECT_FALSE(document.at("structures")[0].at("failures").empty());
  EXPECT_NE(base::ReadFile(out_ + "/study.md").find("failed"), std::string::npos);
}

TEST_F(StudyCommandTest, WhatIsWrongIsNamed) {
  const auto refuse = [&](const std::vector<std::string>& overrides, int code, const std::vector<std::string>& words) {
    ExpectOneLine(Deepmad(Words(out_, overrides)), code, words);
  };
  refuse({"structures=[{name: a}, {name: a}]"}, 2, {"two structures of one name", "rename a"});
  refuse({"structures=[]"}, 2, {"a study of no structures"});
  refuse({"structures=[{name: a/b}]"}, 2, {"'a/b' cannot name a folder"});
  refuse({"structures=[{name: a, from: resnet}]"}, 2, {"no structure '' before this one"});
  refuse({"structures=[{name: a, from: nowhere}]"}, 2, {"nowhere", "random"});
  refuse({"structures=[{name: a, change: ['budgets.flops=10']}]"}, 3, {"structure 'a': no structure keeps the budgets"});
  refuse({"seeds=[1, 1]"}, 2, {"different numbers"});
  refuse({"structure=[]"}, 2, {"structure", "structures"});
  refuse({"recipe.train.epoch=3", "structures=[{name: a}]"}, 2, {"recipe.train.epoch", "epochs"});
  refuse({"metric=top9", "structures=[{name: a}]"}, 2, {"top9", "top1"});
  ExpectOneLine(Deepmad({"study", file_}), 2, {"no --out folder given"});
}

TEST(StudyConfigTest, EachIsComplete) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SourceFolder() + "/configs/study")) {
    const Outcome outcome = Deepmad({"study", entry.path().string(), "--dry-run", "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_GE(Json::parse(outcome.out).at("runs").get<int>(), 20) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2);
}

}  // namespace
}  // namespace deepmad::cli
