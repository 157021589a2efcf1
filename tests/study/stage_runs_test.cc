#include "train/study/stage_runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "tests/study/small_study.h"

namespace deepmad::train {
namespace {

using Records = std::map<std::string, base::Json>;

std::vector<std::string> Names(const StageRuns& stages, const std::string& stage) {
  std::vector<std::string> names;
  for (const StudyRun& run : stages.runs) {
    if (run.stage == stage) names.push_back(run.name);
  }
  return names;
}

// Records of the tuning stage: a score for each of the three rates, the same for all of its structures but `mine`.
Records Tuned(const std::vector<double>& level, const std::vector<double>& mine) {
  Records records;
  for (const StudyRun& run : RunsOfStages(ReadStudyPlan(SmallStudy()), {}).runs) {
    const std::string rate = run.factors.front().second;
    const size_t at = rate == "0.1" ? 0 : rate == "0.2" ? 1 : 2;
    records[run.name] = {{"run", run.name}, {"validation", {{"top1", (run.structure == "mine" ? mine : level)[at]}}}};
  }
  return records;
}

TEST(StageRuns, AStageTriesEachValueWithEachStructure) {
  const StageRuns stages = RunsOfStages(ReadStudyPlan(SmallStudy()), {});
  EXPECT_FALSE(stages.complete);
  ASSERT_EQ(stages.runs.size(), 9U) << "the later stages are not known yet";
  EXPECT_EQ(stages.runs[0].name, "tune/level-01/lr=0.1/seed=100");
  EXPECT_EQ(stages.runs[2].name, "tune/mine/lr=0.1/seed=100");
  EXPECT_EQ(stages.runs[2].group, "mine");
  EXPECT_EQ(stages.runs[1].group, "level");
  EXPECT_EQ(stages.runs[3].changes, (std::vector<std::string>{"train.epochs=5", "train.lr=0.2"}));
  EXPECT_FALSE(stages.runs[0].test);
}

TEST(StageRuns, LaterStagesTakeTheBestValueOfEachGroup) {
  const StageRuns stages = RunsOfStages(ReadStudyPlan(SmallStudy()), Tuned({0.3, 0.5, 0.4}, {0.1, 0.2, 0.3}));
  EXPECT_TRUE(stages.complete);
  const std::vector<std::string> names = Names(stages, "main");
  ASSERT_EQ(names.size(), 14U);
  EXPECT_EQ(names[0], "main/level-00/lr=0.2/seed=3");
  EXPECT_EQ(names[6], "main/mine/lr=0.4/seed=3");
  EXPECT_EQ(names[7], "main/level-00/lr=0.2/seed=4") << "seed by seed";
  EXPECT_TRUE(stages.runs.back().stage == "beside" && !stages.runs.back().test);
}

TEST(StageRuns, NeighboursAreThoseBesideTheBest) {
  const auto beside = [](const std::vector<double>& scores) {
    return Names(RunsOfStages(ReadStudyPlan(SmallStudy()), Tuned(scores, {1, 0, 0})), "beside");
  };
  EXPECT_EQ(beside({0.3, 0.5, 0.4}), (std::vector<std::string>{"beside/level-00/lr=0.1/seed=3", "beside/level-00/lr=0.4/seed=3"}));
  EXPECT_EQ(beside({0.3, 0.3, 0.2}), std::vector<std::string>{"beside/level-00/lr=0.2/seed=3"}) << "of equal ones the first";
}

TEST(StageRuns, AChoiceWaitsForItsLastRun) {
  Records records = Tuned({0.3, 0.5, 0.4}, {0.1, 0.2, 0.3});
  records.erase("tune/level-04/lr=0.1/seed=100");
  const StageRuns stages = RunsOfStages(ReadStudyPlan(SmallStudy()), records);
  EXPECT_FALSE(stages.complete);
  EXPECT_EQ(Names(stages, "main"), (std::vector<std::string>{"main/mine/lr=0.4/seed=3", "main/mine/lr=0.4/seed=4"}));
}

TEST(StageRuns, WhatIsWrongIsNamed) {
  const auto refuse = [](const std::string& override_, const std::string& words) {
    try {
      ReadStudyPlan(SmallStudy({override_}));
      FAIL() << override_;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  refuse("stages.0.structures=[nobody]", "no structure or group 'nobody'");
  refuse("stages.0.seeds=[1, 1]", "different numbers");
  refuse("stages.0.vary=[{name: lr, key: train.lr, values: []}]", "has no values");
  refuse("stages.0.vary=[{name: lr, key: train.lr, values: ['a/b']}]", "'a/b' cannot be part of a run's name");
  refuse("stages.0.name=a b", "'a b' cannot be part of a run's name");
  refuse("stages.1.choose.stage=beside", "no stage 'beside' before this one");
  refuse("stages.1.choose.factor=epochs", "stage 'tune' varies no factor 'epochs'");
  refuse("stages.1.name=tune", "two stages of one name");
  refuse("structures.0.windows.params=[3, 2]", "must be a window");
}

}  // namespace
}  // namespace deepmad::train
