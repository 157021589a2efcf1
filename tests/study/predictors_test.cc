#include "train/study/predictors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/study/small_study.h"

namespace deepmad::train {
namespace {

TEST(Predictors, AreThoseOfTheLayers) {
  const base::Config study = SmallStudy();
  const StudyPlan plan = ReadStudyPlan(study);
  const mad::NetworkSpec network = mad::NetworkFromConfig(base::Config::FromText(plan.wishes.back().network));
  const mad::DesignProblem problem = mad::ProblemFromConfig(study.Section("problem"));
  const auto pairs = Predictors(network, mad::Assess(problem, network));
  const std::map<std::string, double> values(pairs.begin(), pairs.end());
  // conv 3 -> 8; basic 8 -> 16 -> 16; bottleneck 16 -> 16 -> 16 -> 32. Shortcuts do not count.
  const std::vector<double> widths = {3 * 9, 8 * 9, 16 * 9, 16, 16 * 9, 16};
  double logs = 0, inverses = 0;
  for (const double width : widths) {
    logs += std::log(width);
    inverses += 1 / width;
  }
  EXPECT_EQ(values.at("layers"), 6);
  EXPECT_NEAR(values.at("mean_log_width"), logs / 6, 1e-12);
  EXPECT_NEAR(values.at("inverse_widths"), inverses, 1e-12);
  // The effectiveness of the whole is one of those that the largest is taken of.
  EXPECT_GE(values.at("effectiveness"), 6 / std::exp(logs / 6) - 1e-12);
}

}  // namespace
}  // namespace deepmad::train
