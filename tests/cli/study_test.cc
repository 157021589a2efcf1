// `deepmad study` in processes of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
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

// Two rates, the better one of which the last stage takes.
constexpr char kStages[] = R"(stages=[
  {name: tune, structures: [designed, resnet-like], seeds: [7], vary: [{name: lr, key: train.optimizer.lr, values: [0.02, 0.1]}]},
  {name: main, structures: [designed], choose: {factor: lr, stage: tune}, change: [train.init.zero_last_norm=true], test: true}])";

class StagedStudyCommandTest : public StudyCommandTest {
 protected:
  std::vector<std::string> StagedWords(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {kStages, "recipe.data.holdout.per_class=5", "recipe.train.optimizer={name: sgd, lr: 0.1}"};
    words.insert(words.end(), more.begin(), more.end());
    return Words(out, words);
  }
  std::map<std::string, Json> Records(const std::string& out) const {
    std::map<std::string, Json> records;
    std::istringstream lines(base::ReadFile(out + "/runs.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const Json record = Json::parse(line);
      EXPECT_TRUE(records.emplace(record.at("run"), record).second);
    }
    return records;
  }
};

TEST_F(StagedStudyCommandTest, RecordsEachRunOfEachStage) {
  ASSERT_EQ(Deepmad(StagedWords(out_, {"--structures"})).exit_code, 0);
  EXPECT_FALSE(fs::exists(out_ + "/runs.jsonl"));
  const std::string list = base::ReadFile(out_ + "/structures.csv");
  const Json end = Ran(StagedWords(out_));
  EXPECT_EQ(base::ReadFile(out_ + "/structures.csv"), list);
  EXPECT_TRUE(end.at("complete").get<bool>());
  EXPECT_EQ(end.at("done"), 6);
  const std::map<std::string, Json> records = Records(out_);
  ASSERT_EQ(records.size(), 6U);
  const auto tuned = [&](const std::string& lr) -> double {
    return records.at("tune/designed/lr=" + lr + "/seed=7").at("validation").at("top1");
  };
  const std::string best = tuned("0.1") > tuned("0.02") ? "0.1" : "0.02";
  for (const char* seed : {"0", "4"}) {
    const Json& record = records.at("main/designed/lr=" + best + "/seed=" + seed);
    EXPECT_EQ(record.at("status"), "finished");
    EXPECT_EQ(record.at("threads"), 1);
    EXPECT_EQ(record.at("samples"), 2 * 2 * 16) << "44 samples are trained on";
    for (const char* part : {"validation", "batch_statistics", "train", "test"}) {
      EXPECT_GE(record.at(part).at("top1"), 0) << part;
      EXPECT_LE(record.at(part).at("top1"), 1) << part;
    }
    EXPECT_NE(record.at("batch_statistics").at("loss"), record.at("validation").at("loss"));
    EXPECT_NE(record.at("test").at("loss"), record.at("validation").at("loss"));
  }
  EXPECT_FALSE(records.at("tune/designed/lr=0.1/seed=7").contains("test"));
  const std::string before = base::ReadFile(out_ + "/runs.jsonl");
  EXPECT_EQ(Ran(StagedWords(out_)).at("done"), 6);
  EXPECT_EQ(base::ReadFile(out_ + "/runs.jsonl"), before);
}

TEST_F(StagedStudyCommandTest, KilledItGoesOnToTheSameRecords) {
  Program program(StagedWords(out_));
  while (program.Running() && !fs::exists(out_ + "/runs.jsonl")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.Signal(SIGKILL);
  program.Wait();
  EXPECT_TRUE(Ran(StagedWords(out_)).at("complete").get<bool>());
  const std::string whole = folder_.File("whole");
  Ran(StagedWords(whole));
  std::map<std::string, Json> records = Records(out_), expected = Records(whole);
  for (auto* both : {&records, &expected}) {
    for (auto& [name, record] : *both) {
      for (const char* clock : {"train_seconds", "wall_seconds", "images_per_second"}) record.erase(clock);
    }
  }
  EXPECT_EQ(records, expected);
}

TEST_F(StagedStudyCommandTest, ADivergedRunScoresChanceAndTheStudyGoesOn) {
  const Json end = Ran(StagedWords(out_, {"recipe.train.epochs=6", "stages.0.vary.0.values=[0.1, 1e3]"}));
  EXPECT_TRUE(end.at("complete").get<bool>());
  const std::map<std::string, Json> records = Records(out_);
  const Json& record = records.at("tune/designed/lr=1e3/seed=7");
  EXPECT_EQ(record.at("status"), "diverged");
  EXPECT_EQ(record.at("validation").at("top1"), 0.25);
  EXPECT_TRUE(records.contains("main/designed/lr=0.1/seed=0"));
}

TEST_F(StagedStudyCommandTest, ItChoosesByHeldOutSamplesOnly) {
  ExpectOneLine(Deepmad(StagedWords(out_, {"recipe.data.holdout=null"})), 2, {"held out from training", "data.holdout"});
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

TEST(StudyConfigTest, EachFixedStudyIsComplete) {
  int studies = 0;
  for (const auto& entry : fs::directory_iterator(SourceFolder() + "/docs/studies")) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().string();
    const Outcome outcome = Deepmad({"study", folder + "/study.yaml", "--out", folder, "--dry-run", "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_GE(Json::parse(outcome.out).at("runs").get<int>(), 8) << folder;
    EXPECT_TRUE(fs::exists(folder + "/structures.csv")) << folder;
    ++studies;
  }
  EXPECT_GE(studies, 4);
}

}  // namespace
}  // namespace deepmad::cli
