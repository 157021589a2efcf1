#include "train/tune/halving.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "tests/train/tune/small_tuning.h"

namespace deepmad::train {
namespace {

using Records = std::map<std::string, base::Json>;

const std::vector<std::string> kNames = {"a", "B", "c", "D", "e", "F", "g", "H"};  // hand-made ones in capitals

// Trains everything, with the score that `score` gives a structure at a rate.
Records Trained(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs,
                const std::function<base::Json(const StudyRun&)>& score) {
  const std::vector<std::vector<std::string>> changes(rungs.size());
  Records records;
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    for (const StudyRun& run : RunsOfRungs(plan, candidates, rungs, changes, records).runs) records[run.name] = {{"score", score(run)}};
  }
  return records;
}

std::vector<std::string> Structures(const StageRuns& runs, const std::string& stage) {
  std::vector<std::string> names;
  for (const StudyRun& run : runs.runs) {
    if (run.stage == stage) names.push_back(run.structure);
  }
  return names;
}

TEST(Halving, RungsShrinkInWidthAndGrowInLengthWithinTheCost) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  const std::vector<Rung> rungs = PlanRungs(plan, 8, 10'000);
  ASSERT_EQ(rungs.size(), 3U);
  EXPECT_EQ(rungs[0].Runs(), 16) << "each candidate at each rate";
  EXPECT_EQ(rungs[1].Runs(), 4);
  EXPECT_EQ(rungs[2].Runs(), 6) << "two finalists with three seeds";
  // 16 x + 4 * 2 x + 6 * 4 x = 2 full trainings.
  EXPECT_EQ(rungs[0].updates, 416);
  EXPECT_EQ(rungs[1].updates, 833);
  EXPECT_EQ(rungs[2].updates, 1666);
  EXPECT_LE(CostOf(rungs, 10'000), plan.cost);
  EXPECT_GT(CostOf(rungs, 10'000), 0.99 * plan.cost);
}

TEST(Halving, NoTrainingIsLongerThanAFullOne) {
  TunePlan plan = ReadTunePlan(SmallTuning({"tune.cost=1000"}));
  for (const Rung& rung : PlanRungs(plan, 8, 500)) EXPECT_EQ(rung.updates, 500);
  plan.rates = {"0.1"};
  const std::vector<Rung> only_finalists = PlanRungs(plan, 2, 500);
  ASSERT_EQ(only_finalists.size(), 1U);
  EXPECT_EQ(only_finalists[0].Runs(), 6);
}

TEST(Halving, ACostThatIsTooLowIsRefusedWithOneThatDoes) {
  TunePlan plan = ReadTunePlan(SmallTuning());
  try {
    PlanRungs(plan, 8, 100);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("tune.cost=5.8"), std::string::npos) << error.what();
  }
  try {  // a cost of hundreds is not rounded down
    PlanRungs(plan, 3000, 100);
    FAIL();
  } catch (const base::Error& error) {
    const std::string text = error.what();
    const size_t at = text.find("tune.cost=");
    ASSERT_NE(at, std::string::npos) << text;
    plan.cost = std::stod(text.substr(at + 10));
    EXPECT_EQ(PlanRungs(plan, 3000, 100)[0].updates, 10);
  }
  plan.cost = 5.8;
  EXPECT_EQ(PlanRungs(plan, 8, 100)[0].updates, 10);
}

TEST(Halving, TheBestGoOnAtTheirBestRate) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  const TuneCandidates candidates = Named(kNames);
  const std::vector<Rung> rungs = PlanRungs(plan, 8, 10'000);
  // Later in the alphabet is better; 0.2 suits designs, 0.1 hand-made shapes.
  const auto score = [](const StudyRun& run) {
    const char letter = run.structure[0];
    const bool design = letter >= 'a';
    return 0.01 * (design ? letter - 'a' : letter - 'A') + ((run.factors[0].second == "0.2") == design ? 0.5 : 0);
  };
  const Records records = Trained(plan, candidates, rungs, score);
  EXPECT_EQ(records.size(), 26U);
  const StageRuns all = RunsOfRungs(plan, candidates, rungs, std::vector<std::vector<std::string>>(3), records);
  EXPECT_TRUE(all.complete);
  EXPECT_EQ(Structures(all, "rung-1"), (std::vector<std::string>{"H", "g", "F", "e"}));
  EXPECT_EQ(Structures(all, "rung-2"), (std::vector<std::string>{"H", "g", "H", "g", "H", "g"})) << "seed by seed";
  EXPECT_EQ(all.runs.back().name, "rung-2/g/lr=0.2/seed=7");
  EXPECT_EQ(all.runs.back().changes, std::vector<std::string>{"train.optimizer.lr_per_256=0.2"});
}

// So that the end can say by how much a design is ahead of what people would have taken.
TEST(Halving, TheBestOfEachKindStaysToTheEnd) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  const TuneCandidates candidates = Named(kNames);
  const std::vector<Rung> rungs = PlanRungs(plan, 8, 10'000);
  const auto designs_win = [](const StudyRun& run) { return (run.structure[0] >= 'a' ? 0.5 : 0.0) + 0.01 * (run.structure[0] % 32); };
  const Records records = Trained(plan, candidates, rungs, designs_win);
  const StageRuns all = RunsOfRungs(plan, candidates, rungs, std::vector<std::vector<std::string>>(3), records);
  EXPECT_EQ(Structures(all, "rung-1"), (std::vector<std::string>{"g", "e", "c", "H"}));
  EXPECT_EQ(Structures(all, "rung-2"), (std::vector<std::string>{"g", "H", "g", "H", "g", "H"}));
}

TEST(Halving, ADivergedTrainingIsBehindAllOthers) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  const TuneCandidates candidates = Named(kNames);
  const std::vector<Rung> rungs = PlanRungs(plan, 8, 10'000);
  const auto score = [](const StudyRun& run) { return run.structure == "a" ? base::Json() : base::Json(0.0); };
  const Records records = Trained(plan, candidates, rungs, score);
  const std::vector<RungResult> first = ResultsOf(plan, rungs, 0, EntrantsOf(plan, candidates, rungs, 0, {}), records);
  ASSERT_EQ(first.size(), 8U);
  EXPECT_EQ(first.back().structure, "a");
  EXPECT_EQ(first.front().structure, "B") << "of equal ones the first";
}

TEST(Halving, ARungWaitsForTheLastRunOfTheOneBefore) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  const TuneCandidates candidates = Named(kNames);
  const std::vector<Rung> rungs = PlanRungs(plan, 8, 10'000);
  Records records = Trained(plan, candidates, rungs, [](const StudyRun&) { return 0.5; });
  records.erase("rung-0/D/lr=0.2/seed=5");
  const StageRuns known = RunsOfRungs(plan, candidates, rungs, std::vector<std::vector<std::string>>(3), records);
  EXPECT_EQ(known.runs.size(), 16U);
  EXPECT_FALSE(known.complete);
}

TEST(ShortTraining, KeepsTheShapeOfTheSchedule) {
  const base::Config recipe = base::Config::FromText(
      "train: {epochs: 20, schedule: {warmup_epochs: 2, milestones: [10, 15], warmup_steps: 300}}\nvalidate: {every_epochs: 1}\n");
  const std::vector<std::string> changes = ShortTraining(recipe, {.updates = 6000, .epochs = 20}, 500);
  EXPECT_EQ(changes, (std::vector<std::string>{"train.epochs=null", "train.steps=500", "validate.every_epochs=null",
                                               "validate.every_steps=500", "train.schedule.warmup_epochs=0.1",
                                               "train.schedule.milestones=[0.5, 0.75]", "train.schedule.warmup_steps=25"}));
  EXPECT_EQ(ShortTraining(base::Config::FromText("train: {steps: 60}\n"), {.updates = 60, .epochs = 3}, 6).size(), 4U);
}

}  // namespace
}  // namespace deepmad::train
