#include "train/tune/leaderboard.h"

#include <gtest/gtest.h>

#include "tests/train/tune/small_tuning.h"

namespace deepmad::train {
namespace {

class LeaderboardTest : public testing::Test {
 protected:
  // Scores of the finalists by seed; everything before gets a score by the order of the candidates.
  base::Json Board(const std::map<std::string, std::vector<double>>& finals) const {
    std::map<std::string, base::Json> records;
    const std::vector<std::vector<std::string>> changes(rungs_.size());
    for (size_t rung = 0; rung < rungs_.size(); ++rung) {
      for (const StudyRun& run : RunsOfRungs(plan_, candidates_, rungs_, changes, records).runs) {
        double score = 0;
        for (size_t i = 0; i < candidates_.structures.size(); ++i) {
          if (candidates_.structures[i].name == run.structure) score = 0.5 - 0.01 * static_cast<double>(i);
        }
        if (run.stage == last_ && finals.contains(run.structure)) {
          score = finals.at(run.structure)[static_cast<size_t>(run.seed - plan_.seed)];
        }
        records[run.name] = {{"score", score < 0 ? base::Json() : base::Json(score)}};
      }
    }
    const mad::DesignProblem problem = mad::ProblemFromConfig(SmallTuning().Section("problem"));
    return Leaderboard(plan_, candidates_, rungs_, 10'000, AllResults(plan_, candidates_, rungs_, records), problem);
  }

  const TunePlan plan_ = ReadTunePlan(SmallTuning({"candidates.effectiveness=[0.15, none]"}));
  const TuneCandidates candidates_ = SolveCandidates(plan_, SmallTuning);
  const std::vector<Rung> rungs_ = PlanRungs(plan_, static_cast<int>(candidates_.structures.size()), 10'000);
  const std::string last_ = "rung-" + std::to_string(rungs_.size() - 1);
};

TEST(Difference, IsPairedBySeedWithStudentsInterval) {
  // t at 0.975 with two degrees of freedom is 4.303.
  const PairedDifference difference = Difference({0.6, 0.7, 0.8}, {0.5, 0.5, 0.5});
  EXPECT_NEAR(difference.mean, 0.2, 1e-15);
  EXPECT_NEAR(difference.spread, 0.1, 1e-15);
  EXPECT_NEAR(difference.half_width, 4.303 * 0.1 / std::sqrt(3.0), 1e-12);
  EXPECT_EQ(Difference({0.6}, {0.5}).half_width, 0);
}

TEST_F(LeaderboardTest, SaysWhatWasPickedAndByHowMuchItIsAhead) {
  const std::string design = candidates_.structures.front().name;
  const base::Json board = Board({{design, {0.80, 0.82, 0.84}}, {"resnet", {0.79, 0.80, 0.81}}});
  EXPECT_EQ(board.at("pick"), design);
  const base::Json& rows = board.at("candidates");
  ASSERT_EQ(rows.size(), candidates_.structures.size());
  EXPECT_EQ(rows[0].at("name"), design);
  EXPECT_EQ(rows[1].at("name"), "resnet");
  EXPECT_NEAR(rows[0].at("rungs").back().at("mean").get<double>(), 0.82, 1e-12);
  EXPECT_NEAR(rows[0].at("rungs").back().at("spread").get<double>(), 0.02, 1e-12);
  const base::Json& ahead = rows[1].at("rungs").back().at("pick_ahead");
  EXPECT_NEAR(ahead.at("mean").get<double>(), 0.02, 1e-12);
  EXPECT_NEAR(ahead.at("half_width").get<double>(), 4.303 * 0.01 / std::sqrt(3.0), 1e-9);
  EXPECT_GT(rows[0].at("flops_share").get<double>(), 0.5);
  EXPECT_LE(rows[0].at("flops_share").get<double>(), 1 + 1e-9);
  const std::string answer = board.at("answer");
  EXPECT_NE(answer.find(design + " (design): top1 82.00 +- 2.00"), std::string::npos) << answer;
  EXPECT_NE(answer.find("2.00 points ahead of resnet, the best hand-made shape (95 % interval +- 2.48, 3 seeds)"), std::string::npos)
      << answer;
  EXPECT_NE(answer.find("the next design (one seed), which left after rung"), std::string::npos) << answer;
}

TEST_F(LeaderboardTest, AHandMadeShapeMayWin) {
  const base::Json board = Board({{"resnet", {0.9, 0.9, 0.9}}});
  EXPECT_EQ(board.at("pick"), "resnet");
  EXPECT_NE(board.at("answer").get<std::string>().find("resnet (hand-made shape)"), std::string::npos);
}

TEST_F(LeaderboardTest, ADivergedFinalistHasNoMean) {
  const base::Json board = Board({{"resnet", {0.9, -1, 0.9}}});
  const base::Json& row = board.at("candidates")[1];
  EXPECT_EQ(row.at("name"), "resnet");
  EXPECT_TRUE(row.at("rungs").back().at("scores")[1].is_null());
  EXPECT_FALSE(row.at("rungs").back().contains("mean"));
  EXPECT_NE(LeaderboardText(board).find("diverged"), std::string::npos);
}

TEST_F(LeaderboardTest, NamesEveryCandidateInTextAndPage) {
  const base::Json board = Board({});
  const std::string text = LeaderboardText(board), page = LeaderboardPage(board, "<svg/>");
  for (const StudyStructure& one : candidates_.structures) {
    EXPECT_NE(text.find(one.name), std::string::npos);
    EXPECT_NE(page.find(one.name), std::string::npos);
  }
  for (const LeftOut& one : candidates_.left_out) {
    EXPECT_NE(text.find("left out: " + one.name), std::string::npos);
    EXPECT_NE(page.find("left out: " + one.name), std::string::npos);
  }
  EXPECT_NE(page.find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::train
