#include "mad/design/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/build_info.h"

namespace deepmad::mad {
namespace {

std::string ErrorOfAxis(const std::string& text) {
  try {
    ParseSweepAxis(text);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  ADD_FAILURE() << text << " was read";
  return "";
}

// A design's report with what the front looks at.
SweepPoint Point(double value, double flops, double objective, std::vector<double> entropies) {
  SweepPoint point{{value}, {}};
  point.report = {{"status", "feasible"}, {"objective", objective}, {"budgets", {{"flops", {{"used", flops}}}}}};
  point.report["entropy"] = {{"stages", entropies}};
  return point;
}

SweepPoint Infeasible(double value) {
  SweepPoint point{{value}, {}};
  point.report = {{"status", "infeasible"}, {"message", "even the smallest has \"2\" flops"}};
  return point;
}

TEST(SweepTest, RangesHaveEqualRatiosOrEqualSteps) {
  const SweepAxis ratios = ParseSweepAxis("budgets.flops=1e9:4e9:3");
  EXPECT_EQ(ratios.key, "budgets.flops");
  ASSERT_EQ(ratios.values.size(), 3u);
  EXPECT_EQ(ratios.values.front(), 1e9);
  EXPECT_DOUBLE_EQ(ratios.values[1], 2e9);
  EXPECT_EQ(ratios.values.back(), 4e9);
  EXPECT_EQ(ParseSweepAxis("objective.stage_weights.4=0:8:5:linear").values, (std::vector<double>{0, 2, 4, 6, 8}));
  EXPECT_EQ(ParseSweepAxis("budgets.effectiveness=0.3,0.1").values, (std::vector<double>{0.3, 0.1}));
  EXPECT_EQ(ratios.Assignment(0), "budgets.flops=1000000000");
}

TEST(SweepTest, AMistypedAxisIsNamed) {
  EXPECT_NE(ErrorOfAxis("budgets.flops").find("no KEY=VALUES"), std::string::npos);
  EXPECT_NE(ErrorOfAxis("budgets.flops=1e9:x:3").find("'x' is no number"), std::string::npos);
  EXPECT_NE(ErrorOfAxis("budgets.flops=1e9:2e9").find("a count"), std::string::npos);
  EXPECT_NE(ErrorOfAxis("budgets.flops=1e9:2e9:1").find("1 values"), std::string::npos);
  EXPECT_NE(ErrorOfAxis("budgets.flops=0:2e9:3").find("positive"), std::string::npos);
  EXPECT_NE(ErrorOfAxis("budgets.flops=1:2:3:log").find("'log'"), std::string::npos);
  EXPECT_THROW(CheckSameLength({ParseSweepAxis("a=1,2"), ParseSweepAxis("b=1,2,3")}), base::Error);
}

TEST(SweepTest, TheFrontLeavesOutWhatIsDearerAndNoBetter) {
  std::vector<SweepPoint> points{Point(1, 10, 100, {1, 2}), Point(2, 12, 100, {1, 2}), Infeasible(3), Point(4, 11, 150, {1, 3})};
  MarkFront({ParseSweepAxis("budgets.flops=1,2,3,4")}, points);
  EXPECT_TRUE(points[0].on_front);
  EXPECT_FALSE(points[1].on_front);
  EXPECT_FALSE(points[2].on_front);
  EXPECT_TRUE(points[3].on_front);
}

TEST(SweepTest, WhereTheWeightsChangeTheFrontComparesEntropies) {
  std::vector<SweepPoint> points{Point(1, 10, 100, {5, 2}), Point(2, 10, 900, {4, 3}), Point(3, 10, 999, {4, 2})};
  MarkFront({ParseSweepAxis("objective.stage_weights.1=1,2,3")}, points);
  EXPECT_TRUE(points[0].on_front);
  EXPECT_TRUE(points[1].on_front);
  EXPECT_FALSE(points[2].on_front) << "though its objective, of other weights, is the largest";
}

TEST(SweepTest, TheTableHasALineAPointAndQuotesMessages) {
  SweepPoint solved = Point(1, 10, 100, {5, 2});
  for (const BudgetInfo& info : kBudgetInfos) solved.report["budgets"][info.name] = {{"used", 7.0}};
  solved.report["budgets"]["effectiveness"] = {{"used", 0.25}};
  const std::string csv = SweepCsv({ParseSweepAxis("budgets.flops=1,2")}, {solved, Infeasible(2)});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  const std::string head = csv.substr(0, csv.find('\n'));
  EXPECT_NE(head.find("point,budgets.flops,status,on_front,objective"), std::string::npos) << head;
  EXPECT_NE(head.find("entropy_1"), std::string::npos) << head;
  EXPECT_NE(csv.find("\"even the smallest has \"\"2\"\" flops\""), std::string::npos) << csv;
  const std::string first = csv.substr(head.size() + 1, csv.find('\n', head.size() + 1) - head.size() - 1);
  EXPECT_EQ(std::count(first.begin(), first.end(), ','), std::count(head.begin(), head.end(), ','));
}

TEST(SweepTest, ANeighbourWithAnotherTailIsNoAnswer) {
  const auto with_tail = [](int channels) {
    return LoadProblem(base::ConfigsFolder() + "/design/cifar-32.yaml",
                       {"tail={type: conv, kernel: 1, out_channels: " + std::to_string(channels) + "}"});
  };
  const NetworkSpec network = Design(with_tail(160)).network;
  DesignResult none, found;
  EXPECT_FALSE(PreferNeighbour(with_tail(192), network, none));
  EXPECT_TRUE(PreferNeighbour(with_tail(160), network, found));
}

TEST(SweepTest, ANeighbourReplacesAWorseAnswerAndOnlyWhereItKeepsTheBudgets) {
  const std::string file = base::ConfigsFolder() + "/design/cifar-32.yaml";
  const DesignProblem problem = LoadProblem(file, {"solver.time_limit_seconds=600"});
  const DesignResult best = Design(problem);
  DesignResult worse = Design(LoadProblem(file, {"solver.name=evolution_every_block", "solver.evolution.evaluations=300"}));
  ASSERT_LT(worse.assessment.score.objective, best.assessment.score.objective);
  DesignResult kept = best, none;
  EXPECT_FALSE(PreferNeighbour(problem, worse.network, kept));
  EXPECT_EQ(kept.network, best.network);
  EXPECT_TRUE(PreferNeighbour(problem, best.network, worse));
  EXPECT_EQ(worse.network, best.network);
  EXPECT_EQ(worse.assessment.score.objective, best.assessment.score.objective);
  EXPECT_TRUE(PreferNeighbour(problem, best.network, none));
  EXPECT_TRUE(none.IsUsable());
  DesignResult absent;
  EXPECT_FALSE(PreferNeighbour(LoadProblem(file, {"budgets.params=1000"}), best.network, absent));
  EXPECT_FALSE(absent.IsUsable());
}

}  // namespace
}  // namespace deepmad::mad
